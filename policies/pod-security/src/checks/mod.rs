//! The checks of the standards, each with the Kubernetes versions from which it holds.

mod app_armor;
mod capabilities;
mod host_namespaces;
mod host_ports;
mod host_probes;
mod privilege_escalation;
mod privileged;
mod proc_mount;
mod run_as_non_root;
mod run_as_user;
mod se_linux;
mod seccomp;
mod sysctls;
mod volumes;
mod windows_host_process;

use crate::check::Check;

/// Returns whether some check reads the annotation of this name.
pub(crate) fn reads_annotation(name: &str) -> bool {
    app_armor::reads_annotation(name) || seccomp::reads_annotation(name)
}

/// All checks: those of the baseline first, each level in the order of the ids.
pub(crate) const CHECKS: &[Check] = &[
    app_armor::CHECK,
    capabilities::BASELINE,
    host_namespaces::CHECK,
    volumes::BASELINE,
    host_ports::CHECK,
    host_probes::CHECK,
    privileged::CHECK,
    proc_mount::BASELINE,
    se_linux::CHECK,
    seccomp::BASELINE,
    sysctls::CHECK,
    windows_host_process::CHECK,
    privilege_escalation::CHECK,
    capabilities::RESTRICTED,
    proc_mount::RESTRICTED,
    volumes::RESTRICTED,
    run_as_non_root::CHECK,
    run_as_user::CHECK,
    seccomp::RESTRICTED,
];
