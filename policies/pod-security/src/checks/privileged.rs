use kube_objects::Pod;
use policy_api::Severity;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline("privileged", "Containers do not have the host's root rights")
        .severity(Severity::Critical),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        if container.security_context.as_ref().and_then(|context| context.privileged) == Some(true)
        {
            report.add(
                format_args!("{}.securityContext.privileged", container.place),
                "`privileged` is `true`: a container may not be privileged",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, pod_with};

    #[test]
    fn privileged_containers_are_denied() {
        for version in ["v1.0", "latest"] {
            assert_eq!(
                baseline(version, &container_with(r#"{"privileged": true}"#)),
                ["privileged spec.containers[0].securityContext.privileged: \
                  `privileged` is `true`: a container may not be privileged"]
            );
            assert_eq!(baseline(version, &container_with(r#"{"privileged": false}"#)), NONE);
            assert_eq!(baseline(version, &container_with(r#"{"privileged": null}"#)), NONE);
        }
    }

    #[test]
    fn privileged_ephemeral_containers_are_denied() {
        let pod = r#""spec": {"ephemeralContainers": [{"securityContext": {"privileged": true}}]}"#;
        assert_eq!(baseline("latest", pod).len(), 1);
    }

    #[test]
    fn privileged_field_of_a_pod_is_ignored() {
        assert_eq!(baseline("latest", &pod_with(r#"{"privileged": true}"#)), NONE);
    }
}
