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

/// The checks as `pod-security-baseline` declares them: those that may deny.
pub(crate) const DECLARED_BY_BASELINE: &[policy_api::Check] = &[
    app_armor::CHECK.declared,
    capabilities::BASELINE.declared,
    host_namespaces::CHECK.declared,
    volumes::BASELINE.declared,
    host_ports::CHECK.declared,
    host_probes::CHECK.declared,
    privileged::CHECK.declared,
    proc_mount::BASELINE.declared,
    se_linux::CHECK.declared,
    seccomp::BASELINE.declared,
    sysctls::CHECK.declared,
    windows_host_process::CHECK.declared,
];

/// The checks as `pod-security-restricted` declares them.
pub(crate) const DECLARED_BY_RESTRICTED: &[policy_api::Check] = &[
    app_armor::CHECK.declared,
    capabilities::BASELINE.declared,
    host_namespaces::CHECK.declared,
    host_ports::CHECK.declared,
    host_probes::CHECK.declared,
    privileged::CHECK.declared,
    proc_mount::BASELINE.declared,
    se_linux::CHECK.declared,
    seccomp::BASELINE.declared,
    sysctls::CHECK.declared,
    windows_host_process::CHECK.declared,
    privilege_escalation::CHECK.declared,
    capabilities::RESTRICTED.declared,
    proc_mount::RESTRICTED.declared,
    volumes::RESTRICTED.declared,
    run_as_non_root::CHECK.declared,
    run_as_user::CHECK.declared,
    seccomp::RESTRICTED.declared,
];
