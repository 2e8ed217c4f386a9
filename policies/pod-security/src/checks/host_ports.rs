use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline("hostPorts", "Containers listen on no port of the host"),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), run)],
    overrides: None,
};

fn run(pod: &Pod<'_>, report: &mut Report<'_>) {
    for container in pod.spec().all_containers() {
        for (index, port) in container.ports.iter().flatten().enumerate() {
            if let Some(found) = port.host_port.filter(|port| *port != 0) {
                report.add(
                    format_args!("{}.ports[{index}].hostPort", container.place),
                    format_args!("the host port `{found}` is used: no host ports are allowed"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline};

    #[test]
    fn ports_of_the_host_are_denied() {
        let ports =
            |ports: &str| format!(r#""spec": {{"containers": [{{}}, {{"ports": {ports}}}]}}"#);
        for version in ["v1.0", "latest"] {
            assert_eq!(
                baseline(version, &ports(r#"[{"containerPort": 80}, {"hostPort": 0}]"#)),
                NONE
            );
            assert_eq!(
                baseline(version, &ports(r#"[{"hostPort": 0}, {"hostPort": 8080}]"#)),
                ["hostPorts spec.containers[1].ports[1].hostPort: \
                  the host port `8080` is used: no host ports are allowed"]
            );
        }
    }
}
