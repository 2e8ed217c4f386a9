use kube_objects::Pod;
use policy_api::Severity;

use crate::Version;
use crate::report::Report;

/// The levels of the standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Baseline,
    Restricted,
}

/// A check of the standards, in all its revisions.
pub(crate) struct Check {
    /// As the policies declare it, by the name that Kubernetes gives it.
    pub(crate) declared: policy_api::Check,
    pub(crate) level: Level,
    /// The versions from which each holds, in rising order.
    pub(crate) revisions: &'static [(Version, Run)],
    /// The baseline check that this restricted one is the stricter form of.
    pub(crate) overrides: Option<&'static str>,
}

/// Looks for violations in a pod.
pub(crate) type Run = fn(&Pod<'_>, &mut Report<'_>);

/// Declares a check of the baseline, which prevents known privilege escalations.
pub(crate) const fn baseline(id: &'static str, summary: &'static str) -> policy_api::Check {
    policy_api::Check::new(id, summary)
        .severity(Severity::High)
        .link("https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline")
}

/// Declares a check of the restricted level, which asks for hardened pods.
pub(crate) const fn restricted(id: &'static str, summary: &'static str) -> policy_api::Check {
    policy_api::Check::new(id, summary)
        .severity(Severity::Medium)
        .link("https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted")
}

impl Check {
    /// The revision that holds in a version, if there is one.
    pub(crate) fn as_of(&self, version: Version) -> Option<Run> {
        self.revisions.iter().rev().find(|(since, _)| *since <= version).map(|(_, run)| *run)
    }
}
