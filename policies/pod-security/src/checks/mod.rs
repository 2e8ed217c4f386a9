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

const BASELINE: usize = 12;

/// The checks as `pod-security-baseline` declares them.
pub(crate) const DECLARED_BY_BASELINE: &[policy_api::Check] = &declared::<BASELINE>();

/// The checks as `pod-security-restricted` declares them.
pub(crate) const DECLARED_BY_RESTRICTED: &[policy_api::Check] = &declared::<{ CHECKS.len() }>();

/// The first of all checks.
const fn declared<const COUNT: usize>() -> [policy_api::Check; COUNT] {
    let mut declared = [privileged::CHECK.declared; COUNT];
    let (mut places, mut checks) = (declared.as_mut_slice(), CHECKS);
    while let ([place, other_places @ ..], [check, other_checks @ ..]) = (places, checks) {
        *place = check.declared;
        (places, checks) = (other_places, other_checks);
    }
    declared
}
