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
    /// Decisions that were replayed.
    pub decisions: u64,
    /// Those that came out otherwise.
    pub changed: u64,
    /// Decisions that could not be replayed, by reason.
    #[serde(default)]
    pub cannot_be_replayed: BTreeMap<String, u64>,
    /// Events that are no decisions.
    #[serde(default)]
    pub other_events: u64,
    /// What is no event.
    #[serde(default)]
    pub unreadable_events: u64,
    /// What became of the decisions, by policy.
    pub policies: Vec<ReplayedPolicy>,
}

/// A policy in one version, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedPolicy {
    /// The path or id that it is asked by.
    pub policy: String,
    /// When the log was written.
    pub before: ReplayedVersion,
    /// When it was replayed.
    pub after: ReplayedVersion,
    /// What the decisions were and have become.
    pub matrix: Vec<ReplayedCell>,
}

/// A policy at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedVersion {
    /// Its version, where it is known.
    pub version: Option<String>,
    /// The time that it took, where it is known.
    pub nanoseconds: Option<ReplayedTimes>,
}

/// Times of decisions, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedTimes {
    /// The mean.
    pub mean: u64,
    /// The time of half of the decisions.
    pub p50: u64,
    /// The time of 99 of 100 decisions.
    pub p99: u64,
}

/// Decisions that have become the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedCell {
    /// Such as `allowed`.
    pub before: String,
    /// Such as `denied`.
    pub after: String,
    /// `verdict`, `answer` or `nothing`.
    pub change: String,
    /// How many there are.
    pub decisions: u64,
    /// Some of them.
    #[serde(default)]
    pub examples: Vec<ReplayedExample>,
}

/// One of these decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedExample {
    /// The log that it is in.
    pub log: String,
    /// Its place among the events, from 1.
    pub event: u64,
    /// Its line in the log, from 1.
    pub line: u64,
    /// Its column in the line, from 1.
    pub column: u64,
    /// Its id.
    pub decision_id: String,
    /// The path that was asked for.
    pub path: String,
    /// What was answered.
    pub before: ReplayedSide,
    /// What is answered now.
    pub after: ReplayedSide,
}

/// What was answered at one time: reasons, an error, or neither where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplayedSide {
    /// The reasons of a verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<ReplayedReason>>,
    /// The error in place of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A reason of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedReason {
    /// The check that found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Such as `spec.containers[0].image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}
