use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline(
        "sysctls",
        "Pods set only kernel parameters that concern nobody but themselves",
    ),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run)],
    overrides: None,
};

/// The safe parameters, each with the version that it is safe from.
const SAFE: [(Version, &str); 14] = [
    (Version::v1(0), "kernel.shm_rmid_forced"),
    (Version::v1(0), "net.ipv4.ip_local_port_range"),
    (Version::v1(0), "net.ipv4.tcp_syncookies"),
    (Version::v1(0), "net.ipv4.ping_group_range"),
    (Version::v1(0), "net.ipv4.ip_unprivileged_port_start"),
    (Version::v1(27), "net.ipv4.ip_local_reserved_ports"),
    (Version::v1(29), "net.ipv4.tcp_keepalive_time"),
    (Version::v1(29), "net.ipv4.tcp_fin_timeout"),
    (Version::v1(29), "net.ipv4.tcp_keepalive_intvl"),
    (Version::v1(29), "net.ipv4.tcp_keepalive_probes"),
    (Version::v1(32), "net.ipv4.tcp_rmem"),
    (Version::v1(32), "net.ipv4.tcp_wmem"),
    (Version::v1(37), "net.ipv4.tcp_slow_start_after_idle"),
    (Version::v1(37), "net.ipv4.tcp_notsent_lowat"),
];

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    let sysctls =
        pod.spec().security_context.as_ref().and_then(|context| context.sysctls.as_deref());
    let version = report.version;
    for (index, sysctl) in sysctls.unwrap_or_default().iter().enumerate() {
        let found = sysctl.name.as_deref().unwrap_or_default();
        if !safe_in(version).any(|name| name == found) {
            let safe: Vec<_> = safe_in(version).collect();
            report.add(
                format_args!("spec.securityContext.sysctls[{index}].name"),
                format_args!("the sysctl is `{found}`: only `{}` are allowed", safe.join("`, `")),
            );
        }
    }
}

fn safe_in(version: Version) -> impl Iterator<Item = &'static str> {
    SAFE.iter().filter(move |(since, _)| *since <= version).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::SAFE;
    use crate::Version;
    use crate::testing::{NONE, baseline, pod_with};

    fn setting(name: &str) -> String {
        pod_with(&format!(r#"{{"sysctls": [{{"name": "{name}", "value": "1"}}]}}"#))
    }

    #[test]
    fn safe_sysctl_is_allowed_from_its_version() {
        for (since, name) in SAFE {
            for minor in [0, 26, 27, 28, 29, 31, 32, 36, 37] {
                let version = Version::v1(minor);
                assert_eq!(
                    baseline(&version.to_string(), &setting(name)).is_empty(),
                    version >= since,
                    "{name} in {version}"
                );
            }
        }
    }

    #[test]
    fn other_sysctls_are_denied() {
        assert_eq!(
            baseline("v1.26", &setting("net.ipv4.tcp_rmem")),
            ["sysctls spec.securityContext.sysctls[0].name: the sysctl is `net.ipv4.tcp_rmem`: \
              only `kernel.shm_rmid_forced`, `net.ipv4.ip_local_port_range`, \
              `net.ipv4.tcp_syncookies`, `net.ipv4.ping_group_range`, \
              `net.ipv4.ip_unprivileged_port_start` are allowed"]
        );
        for name in ["kernel.msgmax", "net/ipv4/tcp_syncookies", ""] {
            assert_eq!(baseline("latest", &setting(name)).len(), 1, "{name}");
        }
        assert_eq!(baseline("latest", &pod_with(r#"{"sysctls": []}"#)), NONE);
    }
}
