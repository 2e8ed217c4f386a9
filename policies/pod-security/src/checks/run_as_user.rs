use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, restricted};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: restricted(
        "runAsUser",
        "Pods and containers do not ask for root, or from 1.35 only in a user namespace of their own",
    ),
    level: Level::Restricted,
    revisions: &[(Version::v1(23), run), (Version::v1(35), run_unless_in_user_namespace)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for context in pod.spec().security_contexts() {
        if context.run_as_user == Some(0) {
            report.add(
                format_args!("{}.securityContext.runAsUser", context.place),
                "`runAsUser` is `0`, which is root: any other user is allowed",
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
    use crate::testing::{NONE, container_with, pod_with, restricted};

    const CHECK: &str = "runAsUser";

    #[test]
    fn from_1_23_root_is_denied() {
        let root = r#"{"runAsUser": 0}"#;
        assert_eq!(restricted(CHECK, "v1.22", &pod_with(root)), NONE);
        assert_eq!(
            restricted(CHECK, "v1.23", &pod_with(root)),
            ["runAsUser spec.securityContext.runAsUser: \
              `runAsUser` is `0`, which is root: any other user is allowed"]
        );
        assert_eq!(restricted(CHECK, "v1.23", &container_with(root)).len(), 1);
        assert_eq!(restricted(CHECK, "v1.23", &container_with(r#"{"runAsUser": 1000}"#)), NONE);
        assert_eq!(restricted(CHECK, "v1.23", &container_with(r#"{"runAsUser": null}"#)), NONE);
    }

    #[test]
    fn from_1_35_user_namespaces_are_exempt() {
        let pod = r#""spec": {"hostUsers": false, "securityContext": {"runAsUser": 0}}"#;
        assert_eq!(restricted(CHECK, "v1.34", pod).len(), 1);
        assert_eq!(restricted(CHECK, "v1.35", pod), NONE);
    }
}
