use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, baseline, restricted};
use crate::report::Report;

pub(super) const BASELINE: Check = Check {
    declared: baseline(
        "procMount",
        "Containers do not unmask `/proc`, or from 1.35 only in a user namespace of their own",
    ),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run), (Version::v1(35), run_unless_in_user_namespace)],
    overrides: None,
};

pub(super) const RESTRICTED: Check = Check {
    declared: restricted("procMount_restricted", "Containers do not unmask `/proc`"),
    level: Level::Restricted,
    revisions: &[(Version::v1(35), run)],
    overrides: Some(BASELINE.declared.id),
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        let found =
            container.security_context.as_ref().and_then(|context| context.proc_mount.as_deref());
        if let Some(found) = found.filter(|found| *found != "Default") {
            report.add(
                format_args!("{}.securityContext.procMount", container.place),
                format_args!("`procMount` is `{found}`: only `Default` is allowed"),
            );
        }
    }
}

fn run_unless_in_user_namespace(pod: &Pod<'_>, report: &mut Report<'_>) {
    if !pod.spec().is_in_user_namespace() {
        run(pod, report);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, restricted};

    #[test]
    fn only_the_default_is_allowed() {
        let mount = |value: &str| container_with(&format!(r#"{{"procMount": {value}}}"#));
        assert_eq!(baseline("v1.0", &mount("\"Default\"")), NONE);
        assert_eq!(baseline("v1.0", &mount("null")), NONE);
        assert_eq!(baseline("v1.0", &mount("\"\"")).len(), 1);
        assert_eq!(
            baseline("latest", &mount("\"Unmasked\"")),
            ["procMount spec.containers[0].securityContext.procMount: \
              `procMount` is `Unmasked`: only `Default` is allowed"]
        );
    }

    #[test]
    fn from_1_35_the_baseline_exempts_user_namespaces() {
        let unmasked = |host_users: &str| {
            format!(
                r#""spec": {{"hostUsers": {host_users},
                    "containers": [{{"securityContext": {{"procMount": "Unmasked"}}}}]}}"#
            )
        };
        assert_eq!(baseline("v1.34", &unmasked("false")).len(), 1);
        assert_eq!(baseline("v1.35", &unmasked("false")), NONE);
        assert_eq!(baseline("v1.35", &unmasked("true")).len(), 1);
        assert_eq!(baseline("v1.35", &unmasked("null")).len(), 1);

        assert_eq!(restricted("procMount", "v1.34", &unmasked("false")).len(), 1);
        assert_eq!(restricted("procMount_restricted", "v1.35", &unmasked("false")).len(), 1);
        assert_eq!(restricted("procMount", "v1.35", &unmasked("true")), NONE);
    }
}
