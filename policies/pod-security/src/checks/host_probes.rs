use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline(
        "hostProbesAndHostLifecycle",
        "Probes and lifecycle handlers reach only the pod itself",
    ),
    level: Level::Baseline,
    revisions: &[(Version::v1(34), run)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        let lifecycle = container.lifecycle.as_deref();
        for (name, handler) in [
            ("livenessProbe", container.liveness_probe.as_deref()),
            ("readinessProbe", container.readiness_probe.as_deref()),
            ("startupProbe", container.startup_probe.as_deref()),
            ("lifecycle.postStart", lifecycle.and_then(|lifecycle| lifecycle.post_start.as_ref())),
            ("lifecycle.preStop", lifecycle.and_then(|lifecycle| lifecycle.pre_stop.as_ref())),
        ] {
            let Some(handler) = handler else { continue };
            for (action, target) in
                [("httpGet", &handler.http_get), ("tcpSocket", &handler.tcp_socket)]
            {
                let host = target.as_ref().and_then(|target| target.host.as_deref());
                if let Some(host) = host.filter(|host| !host.is_empty()) {
                    report.add(
                        format_args!("{}.{name}.{action}.host", container.place),
                        format_args!(
                            "the host `{host}` is set: probes and lifecycle handlers may reach \
                             only the pod itself"
                        ),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline};

    const HANDLERS: [&str; 5] = [
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle.postStart",
        "lifecycle.preStop",
    ];

    fn handler(name: &str, action: &str, host: &str) -> String {
        let target = format!(r#"{{"{action}": {{"port": "http", "host": {host}}}}}"#);
        let field = match name.split_once('.') {
            Some((outer, inner)) => format!(r#""{outer}": {{"{inner}": {target}}}"#),
            None => format!(r#""{name}": {target}"#),
        };
        format!(r#""spec": {{"initContainers": [{{{field}}}]}}"#)
    }

    #[test]
    fn from_1_34_other_hosts_are_denied() {
        for name in HANDLERS {
            for action in ["httpGet", "tcpSocket"] {
                let remote = handler(name, action, "\"10.0.0.1\"");
                assert_eq!(baseline("v1.33", &remote), NONE);
                assert_eq!(
                    baseline("v1.34", &remote),
                    [format!(
                        "hostProbesAndHostLifecycle spec.initContainers[0].{name}.{action}.host: \
                         the host `10.0.0.1` is set: probes and lifecycle handlers may reach only \
                         the pod itself"
                    )]
                );
                assert_eq!(baseline("v1.34", &handler(name, action, "\"\"")), NONE);
                assert_eq!(baseline("v1.34", &handler(name, action, "null")), NONE);
            }
        }
    }

    #[test]
    fn loopback_probe_host_is_denied() {
        assert_eq!(
            baseline("v1.34", &handler("livenessProbe", "httpGet", "\"127.0.0.1\"")).len(),
            1
        );
    }
}
