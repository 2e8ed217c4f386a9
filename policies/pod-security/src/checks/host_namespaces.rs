use kube_objects::Pod;
use policy_api::Severity;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline("hostNamespaces", "Pods share no namespace with the host")
        .severity(Severity::Critical),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    let spec = pod.spec();
    for (field, shared) in
        [("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc)]
    {
        if shared == Some(true) {
            report.add(
                format_args!("spec.{field}"),
                format_args!("`{field}` is `true`: a pod may not share namespaces of the host"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline};

    #[test]
    fn sharing_namespaces_of_the_host_is_denied() {
        for version in ["v1.0", "latest"] {
            for field in ["hostNetwork", "hostPID", "hostIPC"] {
                let spec = |value: &str| format!(r#""spec": {{"{field}": {value}}}"#);
                assert_eq!(
                    baseline(version, &spec("true")),
                    [format!(
                        "hostNamespaces spec.{field}: `{field}` is `true`: \
                         a pod may not share namespaces of the host"
                    )]
                );
                assert_eq!(baseline(version, &spec("false")), NONE);
                assert_eq!(baseline(version, &spec("null")), NONE);
            }
        }
    }
}
