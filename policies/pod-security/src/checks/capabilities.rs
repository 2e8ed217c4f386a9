use kube_objects::{Pod, Text};

use crate::Version;
use crate::check::{Check, Level, baseline, restricted};
use crate::report::Report;

const DEFAULT_SET: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub(super) const BASELINE: Check = Check {
    declared: baseline(
        "capabilities_baseline",
        "Containers add only capabilities that container runtimes give by default",
    ),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), only_defaults)],
    overrides: None,
};

pub(super) const RESTRICTED: Check = Check {
    declared: restricted(
        "capabilities_restricted",
        "Containers drop all capabilities, and add at most `NET_BIND_SERVICE`",
    ),
    level: Level::Restricted,
    revisions: &[(Version::v1(22), drop_all), (Version::v1(25), drop_all_unless_windows)],
    overrides: Some(BASELINE.declared.id),
};

fn only_defaults(pod: &Pod<'_>, report: &mut Report<'_>) {
    added_only(
        &DEFAULT_SET,
        "only capabilities of the default set, without `NET_RAW`, may be added",
        pod,
        report,
    );
}

fn drop_all(pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        let capabilities =
            container.security_context.as_ref().and_then(|context| context.capabilities.as_ref());
        let drops_all = capabilities
            .and_then(|capabilities| capabilities.drop.as_deref())
            .is_some_and(|drop| names(drop).any(|name| name == "ALL"));
        if !drops_all {
            report.add(
                format_args!("{}.securityContext.capabilities.drop", container.place),
                "not all capabilities are dropped: `drop` must include `ALL`",
            );
        }
    }
    added_only(&["NET_BIND_SERVICE"], "only `NET_BIND_SERVICE` may be added", pod, report);
}

fn drop_all_unless_windows(pod: &Pod<'_>, report: &mut Report<'_>) {
    if !pod.spec().is_windows() {
        drop_all(pod, report);
    }
}

fn added_only(allowed: &[&str], rule: &str, pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        let added = container
            .security_context
            .as_ref()
            .and_then(|context| context.capabilities.as_ref()?.add.as_deref())
            .unwrap_or_default();
        for (index, name) in names(added).enumerate() {
            if !allowed.contains(&name) {
                report.add(
                    format_args!("{}.securityContext.capabilities.add[{index}]", container.place),
                    format_args!("the capability `{name}` is added: {rule}"),
                );
            }
        }
    }
}

fn names<'s>(capabilities: &'s [Text<'_>]) -> impl Iterator<Item = &'s str> {
    capabilities.iter().map(|name| &**name)
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, restricted};

    fn adding(name: &str) -> String {
        container_with(&format!(
            r#"{{"capabilities": {{"drop": ["ALL"], "add": ["KILL", "{name}"]}}}}"#
        ))
    }

    #[test]
    fn only_default_capabilities_may_be_added() {
        for allowed in super::DEFAULT_SET {
            assert_eq!(baseline("v1.0", &adding(allowed)), NONE);
        }
        for denied in ["NET_RAW", "kill", "CAP_KILL", "ALL", ""] {
            assert_eq!(baseline("latest", &adding(denied)).len(), 1, "{denied}");
        }
        assert_eq!(
            baseline("v1.0", &adding("NET_RAW")),
            ["capabilities_baseline spec.containers[0].securityContext.capabilities.add[1]: \
              the capability `NET_RAW` is added: only capabilities of the default set, without \
              `NET_RAW`, may be added"]
        );
    }

    #[test]
    fn from_1_22_all_must_be_dropped() {
        let check = "capabilities_restricted";
        let dropping =
            |drop: &str| container_with(&format!(r#"{{"capabilities": {{"drop": {drop}}}}}"#));
        assert_eq!(restricted(check, "v1.21", &dropping("[]")), NONE);
        assert_eq!(restricted(check, "v1.22", &dropping(r#"["KILL", "ALL"]"#)), NONE);
        for denied in [r#"["all"]"#, "[]", "null", r#"["KILL"]"#] {
            assert_eq!(
                restricted(check, "v1.22", &dropping(denied)),
                ["capabilities_restricted spec.containers[0].securityContext.capabilities.drop: \
                  not all capabilities are dropped: `drop` must include `ALL`"]
            );
        }
        assert_eq!(restricted(check, "v1.22", &container_with("null")).len(), 1);
        assert_eq!(restricted(check, "v1.22", r#""spec": {}"#), NONE);
    }

    #[test]
    fn from_1_22_one_capability_may_be_added() {
        let check = "capabilities_restricted";
        assert_eq!(
            restricted(check, "v1.22", &adding("NET_BIND_SERVICE")),
            ["capabilities_restricted spec.containers[0].securityContext.capabilities.add[0]: \
              the capability `KILL` is added: only `NET_BIND_SERVICE` may be added"]
        );
        // The stricter check stands for the one of the baseline.
        assert_eq!(restricted("capabilities_baseline", "v1.21", &adding("NET_RAW")).len(), 1);
        assert_eq!(restricted("capabilities_baseline", "v1.22", &adding("NET_RAW")), NONE);
    }

    #[test]
    fn from_1_25_windows_is_exempt() {
        let windows = r#""spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}"#;
        assert_eq!(restricted("capabilities_restricted", "v1.24", windows).len(), 1);
        assert_eq!(restricted("capabilities_restricted", "v1.25", windows), NONE);
        let linux = windows.replace("windows", "linux");
        assert_eq!(restricted("capabilities_restricted", "v1.25", &linux).len(), 1);
    }
}
