use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

const ANNOTATION_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

pub(super) const CHECK: Check = Check {
    declared: baseline("appArmorProfile", "Pods keep the default AppArmor profile on"),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for context in pod.spec().security_contexts() {
        let Some(profile) = &context.app_armor_profile else { continue };
        let found = profile.type_.as_deref().unwrap_or_default();
        if !matches!(found, "RuntimeDefault" | "Localhost") {
            report.add(
                format_args!("{}.securityContext.appArmorProfile.type", context.place),
                format_args!(
                    "the AppArmor profile type is `{found}`: only `RuntimeDefault` and \
                     `Localhost` are allowed"
                ),
            );
        }
    }
    for (name, found) in pod.annotations() {
        if reads_annotation(name) && !is_allowed_annotation(found) {
            report.add(
                format_args!("metadata.annotations[{name}]"),
                format_args!(
                    "the AppArmor profile is `{found}`: only `runtime/default` and \
                     `localhost/...` are allowed"
                ),
            );
        }
    }
}

pub(super) fn reads_annotation(name: &str) -> bool {
    name.starts_with(ANNOTATION_PREFIX)
}

fn is_allowed_annotation(profile: &str) -> bool {
    profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/")
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, pod_with};

    #[test]
    fn profiles_other_than_the_default_and_local_ones_are_denied() {
        for allowed in ["RuntimeDefault", "Localhost"] {
            let profile = format!(r#"{{"appArmorProfile": {{"type": "{allowed}"}}}}"#);
            assert_eq!(baseline("v1.0", &container_with(&profile)), NONE);
            assert_eq!(baseline("v1.0", &pod_with(&profile)), NONE);
        }
        let unconfined = r#"{"appArmorProfile": {"type": "Unconfined"}}"#;
        assert_eq!(
            baseline("v1.0", &container_with(unconfined)),
            ["appArmorProfile spec.containers[0].securityContext.appArmorProfile.type: \
              the AppArmor profile type is `Unconfined`: only `RuntimeDefault` and `Localhost` \
              are allowed"]
        );
        assert_eq!(baseline("latest", &pod_with(unconfined)).len(), 1);
        assert_eq!(baseline("latest", &pod_with(r#"{"appArmorProfile": {}}"#)).len(), 1);
        assert_eq!(baseline("latest", &pod_with(r#"{"appArmorProfile": null}"#)), NONE);
    }

    #[test]
    fn annotations_are_checked_in_every_version() {
        let annotated = |value: &str| {
            format!(
                r#""metadata": {{"annotations": {{"other": "unconfined",
                    "container.apparmor.security.beta.kubernetes.io/a": "{value}"}}}}"#
            )
        };
        for allowed in ["", "runtime/default", "localhost/", "localhost/x"] {
            assert_eq!(baseline("v1.37", &annotated(allowed)), NONE, "{allowed}");
        }
        for denied in ["unconfined", "Localhost/x", "runtime/default2"] {
            assert_eq!(baseline("v1.0", &annotated(denied)).len(), 1, "{denied}");
        }
        assert_eq!(
            baseline("v1.37", &annotated("unconfined")),
            ["appArmorProfile \
              metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: \
              the AppArmor profile is `unconfined`: only `runtime/default` and `localhost/...` \
              are allowed"]
        );
    }
}
