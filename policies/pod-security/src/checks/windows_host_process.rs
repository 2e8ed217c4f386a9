use kube_objects::Pod;
use policy_api::Severity;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline(
        "windowsHostProcess",
        "Pods and containers do not run as a process of a Windows host",
    )
    .severity(Severity::Critical),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for context in pod.spec().security_contexts() {
        let host_process =
            context.windows_options.as_ref().and_then(|options| options.host_process);
        if host_process == Some(true) {
            report.add(
                format_args!("{}.securityContext.windowsOptions.hostProcess", context.place),
                "`hostProcess` is `true`: running as a process of the host is not allowed",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, pod_with};

    #[test]
    fn processes_of_the_host_are_denied() {
        let options = |value: &str| format!(r#"{{"windowsOptions": {{"hostProcess": {value}}}}}"#);
        for version in ["v1.0", "latest"] {
            assert_eq!(
                baseline(version, &pod_with(&options("true"))),
                ["windowsHostProcess spec.securityContext.windowsOptions.hostProcess: \
                  `hostProcess` is `true`: running as a process of the host is not allowed"]
            );
            assert_eq!(baseline(version, &container_with(&options("true"))).len(), 1);
            assert_eq!(baseline(version, &container_with(&options("false"))), NONE);
            assert_eq!(baseline(version, &pod_with(&options("null"))), NONE);
        }
    }
}
