use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use crate::config::Sample;
use crate::policies::{Entry, Instance};
use crate::server::http::memory_budget::MemoryBudget;
use crate::telemetry::ShadowMetrics;

/// A policy that is asked beside another one, configured, with its limits and metrics.
pub(crate) struct ShadowPolicy {
    /// The id, the name and the version of the policy that answers.
    pub(crate) id: String,
    pub(crate) answering: String,
    pub(crate) answering_version: String,
    /// The policy that is only asked.
    pub(crate) entry: Entry,
    /// The entry's version, as text.
    pub(crate) version: String,
    pub(crate) instance: Instance,
    /// The digest of its settings, `sha256:…`.
    pub(crate) settings_digest: String,
    pub(crate) sample: Sample,
    pub(crate) timeout: Duration,
    pub(crate) max_stuck: usize,
    /// Parts of its inputs must not be seen, so that its own words are not logged.
    pub(crate) discreet: bool,
    /// Evaluations that overran and are still running, among them those from before a reload.
    pub(crate) stuck: Arc<AtomicUsize>,
    pub(crate) metrics: ShadowMetrics,
    /// The memory of all shadows together.
    pub(crate) memory: Arc<MemoryBudget>,
}
