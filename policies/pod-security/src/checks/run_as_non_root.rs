use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, restricted};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: restricted(
        "runAsNonRoot",
        "Containers refuse to start as root, but from 1.35 in a user namespace of their own",
    ),
    level: Level::Restricted,
    revisions: &[(Version::v1(0), run), (Version::v1(35), run_unless_in_user_namespace)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    let of_pod = pod.spec().security_context.as_ref().and_then(|context| context.run_as_non_root);
    for context in pod.spec().security_contexts() {
        if context.run_as_non_root == Some(false) {
            report.add(
                format_args!("{}.securityContext.runAsNonRoot", context.place),
                "`runAsNonRoot` is `false`: it must be `true`",
            );
        }
    }
    if of_pod.is_some() {
        return;
    }
    for container in pod.spec().all_containers() {
        if container.security_context.as_ref().and_then(|context| context.run_as_non_root).is_none()
        {
            report.add(
                format_args!("{}.securityContext.runAsNonRoot", container.place),
                "`runAsNonRoot` is not set: it must be `true`, here or for the whole pod",
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
    use crate::testing::{NONE, restricted};

    const CHECK: &str = "runAsNonRoot";

    fn pod(of_pod: &str, of_container: &str) -> String {
        format!(
            r#""spec": {{"securityContext": {{"runAsNonRoot": {of_pod}}}, "containers":
                [{{"securityContext": {{"runAsNonRoot": {of_container}}}}}]}}"#
        )
    }

    #[test]
    fn pod_setting_applies_to_containers_without_one() {
        for (of_pod, of_container) in [("true", "null"), ("true", "true"), ("null", "true")] {
            assert_eq!(restricted(CHECK, "v1.0", &pod(of_pod, of_container)), NONE);
        }
        assert_eq!(
            restricted(CHECK, "v1.0", &pod("null", "null")),
            ["runAsNonRoot spec.containers[0].securityContext.runAsNonRoot: \
              `runAsNonRoot` is not set: it must be `true`, here or for the whole pod"]
        );
        assert_eq!(
            restricted(CHECK, "v1.0", &pod("true", "false")),
            ["runAsNonRoot spec.containers[0].securityContext.runAsNonRoot: \
              `runAsNonRoot` is `false`: it must be `true`"]
        );
    }

    #[test]
    fn false_for_the_pod_is_denied_despite_its_containers() {
        for of_container in ["null", "true"] {
            assert_eq!(
                restricted(CHECK, "v1.0", &pod("false", of_container)),
                ["runAsNonRoot spec.securityContext.runAsNonRoot: \
                  `runAsNonRoot` is `false`: it must be `true`"]
            );
        }
    }

    #[test]
    fn pod_without_containers_is_allowed() {
        assert_eq!(restricted(CHECK, "latest", r#""spec": {}"#), NONE);
    }

    #[test]
    fn from_1_35_user_namespaces_are_exempt() {
        let pod = r#""spec": {"hostUsers": false, "containers": [{}]}"#;
        assert_eq!(restricted(CHECK, "v1.34", pod).len(), 1);
        assert_eq!(restricted(CHECK, "v1.35", pod), NONE);
        assert_eq!(restricted(CHECK, "v1.35", &pod.replace("false", "true")).len(), 1);
    }
}
