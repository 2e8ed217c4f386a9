use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The page that shows a report of `policy-engine replay --format json`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayPage {
    /// `None` before one was given.
    pub report: Option<ReplayReport>,
    /// The reason why what was given is no report.
    pub problem: Option<String>,
}

/// A report as `replay` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    pub decisions: u64,
    pub changed: u64,
    /// By reason.
    #[serde(default)]
    pub cannot_be_replayed: BTreeMap<String, u64>,
    #[serde(default)]
    pub other_events: u64,
    #[serde(default)]
    pub unreadable_events: u64,
    pub policies: Vec<ReplayedPolicy>,
}

/// A policy in one version, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedPolicy {
    pub policy: String,
    pub before: ReplayedVersion,
    pub after: ReplayedVersion,
    pub matrix: Vec<ReplayedCell>,
}

/// A policy at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedVersion {
    pub version: Option<String>,
    pub nanoseconds: Option<ReplayedTimes>,
}

/// Times of decisions, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedTimes {
    pub mean: u64,
    pub p50: u64,
    pub p99: u64,
}

/// Decisions that have become the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedCell {
    pub before: String,
    pub after: String,
    pub change: String,
    pub decisions: u64,
    #[serde(default)]
    pub examples: Vec<ReplayedExample>,
}

/// One of these decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedExample {
    pub log: String,
    pub event: u64,
    pub line: u64,
    pub column: u64,
    pub decision_id: String,
    pub path: String,
    pub before: ReplayedSide,
    pub after: ReplayedSide,
}

/// What was answered at one time: reasons, an error, or neither where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplayedSide {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<ReplayedReason>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A reason of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedReason {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub message: String,
}
