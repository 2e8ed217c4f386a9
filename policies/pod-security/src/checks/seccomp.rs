use std::collections::BTreeSet;

use kube_objects::{Pod, Profile};

use crate::Version;
use crate::check::{Check, Level, baseline, restricted};
use crate::report::Report;

const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub(super) const BASELINE: Check = Check {
    declared: baseline(
        "seccompProfile_baseline",
        "Pods do not switch the filter of system calls off",
    ),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), by_annotation), (Version::v1(19), by_field)],
    overrides: None,
};

pub(super) const RESTRICTED: Check = Check {
    declared: restricted("seccompProfile_restricted", "Pods switch the filter of system calls on"),
    level: Level::Restricted,
    revisions: &[(Version::v1(19), required), (Version::v1(25), required_unless_windows)],
    overrides: Some(BASELINE.declared.id),
};

fn by_annotation(pod: &Pod<'_>, report: &mut Report<'_>) {
    let containers: BTreeSet<&str> = if pod.is_annotated() {
        pod.spec()
            .all_containers()
            .map(|container| container.get().name.as_deref().unwrap_or_default())
            .collect()
    } else {
        BTreeSet::new()
    };
    for (name, found) in pod.annotations() {
        // An annotation for a container that the pod does not have is without effect.
        let applies = name == POD_ANNOTATION
            || name
                .strip_prefix(CONTAINER_ANNOTATION_PREFIX)
                .is_some_and(|container| containers.contains(container));
        if applies && !is_allowed_annotation(found) {
            report.add(
                format_args!("metadata.annotations[{name}]"),
                format_args!(
                    "the seccomp profile is `{found}`: only `runtime/default`, `docker/default` \
                     and `localhost/...` are allowed"
                ),
            );
        }
    }
}

pub(super) fn reads_annotation(name: &str) -> bool {
    name == POD_ANNOTATION || name.starts_with(CONTAINER_ANNOTATION_PREFIX)
}

fn is_allowed_annotation(profile: &str) -> bool {
    matches!(profile, "runtime/default" | "docker/default") || profile.starts_with("localhost/")
}

fn by_field(pod: &Pod<'_>, report: &mut Report<'_>) {
    for context in pod.spec().security_contexts() {
        let Some(profile) = &context.seccomp_profile else { continue };
        if !is_allowed(profile) {
            report.add(
                format_args!("{}.securityContext.seccompProfile.type", context.place),
                format_args!(
                    "the seccomp profile type is `{}`: only `RuntimeDefault` and `Localhost` are \
                     allowed",
                    profile.type_.as_deref().unwrap_or_default()
                ),
            );
        }
    }
}

fn is_allowed(profile: &Profile<'_>) -> bool {
    matches!(profile.type_.as_deref(), Some("RuntimeDefault" | "Localhost"))
}

fn required(pod: &Pod<'_>, report: &mut Report<'_>) {
    by_field(pod, report);
    let of_pod =
        pod.spec().security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref());
    if of_pod.is_some() {
        return;
    }
    for container in pod.spec().all_containers() {
        if container
            .security_context
            .as_ref()
            .is_none_or(|context| context.seccomp_profile.is_none())
        {
            report.add(
                format_args!("{}.securityContext.seccompProfile.type", container.place),
                "no seccomp profile is set: it must be `RuntimeDefault` or `Localhost`, here or \
                 for the whole pod",
            );
        }
    }
}

fn required_unless_windows(pod: &Pod<'_>, report: &mut Report<'_>) {
    if !pod.spec().is_windows() {
        required(pod, report);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, pod_with, restricted};

    const CHECK: &str = "seccompProfile_restricted";

    fn annotated(name: &str, value: &str) -> String {
        format!(
            r#""metadata": {{"annotations": {{"{name}": "{value}"}}}},
               "spec": {{"containers": [{{"name": "a"}}]}}"#
        )
    }

    fn profile(type_: &str) -> String {
        format!(r#"{{"seccompProfile": {{"type": "{type_}"}}}}"#)
    }

    #[test]
    fn before_1_19_annotations_are_checked() {
        for name in [super::POD_ANNOTATION, "container.seccomp.security.alpha.kubernetes.io/a"] {
            for allowed in ["runtime/default", "docker/default", "localhost/x"] {
                assert_eq!(baseline("v1.0", &annotated(name, allowed)), NONE);
            }
            for denied in ["", "unconfined"] {
                assert_eq!(
                    baseline("v1.18", &annotated(name, denied)),
                    [format!(
                        "seccompProfile_baseline metadata.annotations[{name}]: the seccomp profile \
                         is `{denied}`: only `runtime/default`, `docker/default` and \
                         `localhost/...` are allowed"
                    )]
                );
                assert_eq!(baseline("v1.19", &annotated(name, denied)), NONE);
            }
        }
        let of_nobody = annotated("container.seccomp.security.alpha.kubernetes.io/b", "unconfined");
        assert_eq!(baseline("v1.18", &of_nobody), NONE);
    }

    #[test]
    fn from_1_19_fields_are_checked() {
        for pod in [pod_with(&profile("Unconfined")), container_with(&profile("Unconfined"))] {
            assert_eq!(baseline("v1.18", &pod), NONE);
            assert_eq!(baseline("v1.19", &pod).len(), 1);
        }
        assert_eq!(baseline("v1.19", &pod_with(&profile("Localhost"))), NONE);
        assert_eq!(
            baseline("v1.19", &pod_with(r#"{"seccompProfile": {}}"#)),
            ["seccompProfile_baseline spec.securityContext.seccompProfile.type: the seccomp \
              profile type is ``: only `RuntimeDefault` and `Localhost` are allowed"]
        );
    }

    #[test]
    fn from_1_19_restricted_pods_need_a_profile() {
        assert_eq!(restricted(CHECK, "v1.18", &container_with("null")), NONE);
        assert_eq!(
            restricted(CHECK, "v1.19", &container_with("null")),
            ["seccompProfile_restricted spec.containers[0].securityContext.seccompProfile.type: \
              no seccomp profile is set: it must be `RuntimeDefault` or `Localhost`, here or for \
              the whole pod"]
        );
        assert_eq!(restricted(CHECK, "v1.19", &container_with(&profile("RuntimeDefault"))), NONE);
        assert_eq!(restricted(CHECK, "v1.19", &container_with(&profile("Unconfined"))).len(), 1);
    }

    #[test]
    fn pod_profile_applies_to_containers_without_one() {
        let pod = |type_: &str, of_container: &str| {
            format!(
                r#""spec": {{"securityContext": {}, "containers": [{{"securityContext": {of_container}}}]}}"#,
                profile(type_)
            )
        };
        assert_eq!(restricted(CHECK, "v1.19", &pod("RuntimeDefault", "null")), NONE);
        // A bad profile of the pod is one violation, its containers' own good ones no remedy.
        assert_eq!(restricted(CHECK, "v1.19", &pod("Unconfined", "null")).len(), 1);
        assert_eq!(restricted(CHECK, "v1.19", &pod("Unconfined", &profile("Localhost"))).len(), 1);
        assert_eq!(restricted(CHECK, "v1.19", &pod("Localhost", &profile("Unconfined"))).len(), 1);
    }

    #[test]
    fn from_1_25_windows_is_exempt() {
        let windows = r#""spec": {"os": {"name": "windows"}, "containers": [{}]}"#;
        assert_eq!(restricted(CHECK, "v1.24", windows).len(), 1);
        assert_eq!(restricted(CHECK, "v1.25", windows), NONE);
    }
}
