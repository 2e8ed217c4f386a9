use kube_objects::Pod;

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
    /// The name that Kubernetes gives it.
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    /// The versions from which each holds, in rising order.
    pub(crate) revisions: &'static [(Version, Run)],
    /// The baseline check that this restricted one is the stricter form of.
    pub(crate) overrides: Option<&'static str>,
}

/// Looks for violations in a pod.
pub(crate) type Run = fn(&Pod<'_>, &mut Report<'_>);

impl Check {
    /// The revision that holds in a version, if there is one.
    pub(crate) fn as_of(&self, version: Version) -> Option<Run> {
        self.revisions.iter().rev().find(|(since, _)| *since <= version).map(|(_, run)| *run)
    }
}
