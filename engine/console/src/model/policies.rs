use serde::Serialize;

/// The policies that are served.
#[derive(Debug, Clone, Serialize)]
pub struct PoliciesPage {
    /// By id, the highest version first.
    pub policies: Vec<PolicySummary>,
    /// Those that could not be configured.
    pub skipped: Vec<SkippedPolicy>,
}

/// One policy in a version, under the id that it is served by.
#[derive(Debug, Clone, Serialize)]
pub struct PolicySummary {
    /// The id that it is served by.
    pub id: String,
    /// The page of the policy, such as `/policies/pods`.
    pub href: String,
    /// The policy's own name.
    pub policy: String,
    /// The policy's version.
    pub version: String,
    /// What it is for, in its own words.
    pub description: String,
    /// `enforce` or `monitor`.
    pub mode: &'static str,
    /// What it decided in the last minutes.
    pub rates: Rates,
    /// Evaluations that overran and have not ended.
    pub stuck: u64,
    /// So many evaluations are stuck that the policy is not asked any more.
    pub is_suspended: bool,
    /// The policy that is asked the same questions, as `name@version`.
    pub shadow: Option<String>,
}

impl PolicySummary {
    /// The value of the policy among those that may be tried: the id, with the version where several
    /// have that id.
    pub(crate) fn value(&self) -> &str {
        self.href.strip_prefix("/policies/").unwrap_or(&self.id)
    }
}

/// What a policy decided in the last minutes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Rates {
    /// The time that one sample is of.
    pub interval_seconds: u64,
    /// Oldest first. Fewer at the beginning.
    pub samples: Vec<Sample>,
    /// Over all samples.
    pub decisions_per_second: f64,
    /// All decisions in all samples.
    pub decisions: u64,
    /// Decisions that deny.
    pub denied: u64,
    /// Errors in place of decisions.
    pub failed: u64,
    /// The time of half of the decisions; `None` without one.
    pub p50_seconds: Option<f64>,
    /// The time of 99 of 100 decisions; `None` without one.
    pub p99_seconds: Option<f64>,
}

/// What a policy decided in one interval.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Sample {
    /// All decisions.
    pub decisions: u64,
    /// Decisions that deny.
    pub denied: u64,
    /// Errors in place of decisions.
    pub failed: u64,
    /// The time of half of the decisions; `None` without one.
    pub p50_seconds: Option<f64>,
    /// The time of 99 of 100 decisions; `None` without one.
    pub p99_seconds: Option<f64>,
}

/// A policy that is not served.
#[derive(Debug, Clone, Serialize)]
pub struct SkippedPolicy {
    /// The id that it would be served by.
    pub id: String,
    /// The reason, and where it is in the configuration.
    pub problem: String,
}
