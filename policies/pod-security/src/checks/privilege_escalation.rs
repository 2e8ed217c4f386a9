use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, restricted};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: restricted(
        "allowPrivilegeEscalation",
        "Containers rule out that a process gains more rights than its parent",
    ),
    level: Level::Restricted,
    revisions: &[(Version::v1(8), run), (Version::v1(25), run_unless_windows)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        let found = container
            .security_context
            .as_ref()
            .and_then(|context| context.allow_privilege_escalation);
        let found = match found {
            Some(false) => continue,
            Some(true) => "`true`",
            None => "not set",
        };
        report.add(
            format_args!("{}.securityContext.allowPrivilegeEscalation", container.place),
            format_args!("`allowPrivilegeEscalation` is {found}: it must be `false`"),
        );
    }
}

fn run_unless_windows(pod: &Pod<'_>, report: &mut Report<'_>) {
    if !pod.spec().is_windows() {
        run(pod, report);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, container_with, restricted};

    const CHECK: &str = "allowPrivilegeEscalation";

    #[test]
    fn from_1_8_privilege_escalation_must_be_disabled() {
        let setting =
            |value: &str| container_with(&format!(r#"{{"allowPrivilegeEscalation": {value}}}"#));
        assert_eq!(restricted(CHECK, "v1.7", &setting("true")), NONE);
        assert_eq!(restricted(CHECK, "v1.8", &setting("false")), NONE);
        for (value, found) in [("true", "`true`"), ("null", "not set")] {
            assert_eq!(
                restricted(CHECK, "v1.8", &setting(value)),
                [format!(
                    "allowPrivilegeEscalation \
                     spec.containers[0].securityContext.allowPrivilegeEscalation: \
                     `allowPrivilegeEscalation` is {found}: it must be `false`"
                )]
            );
        }
        assert_eq!(restricted(CHECK, "latest", &container_with("null")).len(), 1);
    }

    #[test]
    fn from_1_25_windows_is_exempt() {
        let windows = r#""spec": {"os": {"name": "windows"}, "containers": [{}]}"#;
        assert_eq!(restricted(CHECK, "v1.24", windows).len(), 1);
        assert_eq!(restricted(CHECK, "v1.25", windows), NONE);
        assert_eq!(restricted(CHECK, "v1.25", &windows.replace("windows", "linux")).len(), 1);
    }
}
