use serde::Serialize;
use serde_json::Value;

use super::{MarkedText, Violation};

/// The last decisions, the latest first.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionsPage {
    /// `None` where none are kept.
    pub kept: Option<KeptDecisions>,
    /// What the list is narrowed to.
    pub filter: Filter,
    /// What may be chosen in the filter.
    pub choices: Choices,
    /// Those that the filter lets through, at most so many as a page has.
    pub decisions: Vec<Decision>,
    /// There are more that the filter lets through.
    pub has_more: bool,
}

/// What is kept of all decisions.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct KeptDecisions {
    /// How many there are.
    pub decisions: u64,
    /// The memory that they take.
    pub bytes: u64,
    /// The memory that they may take: `console.decisions`.
    pub max_bytes: u64,
    /// Decisions since the server started that were not kept: too many came at once, or they were
    /// too large.
    pub passed_over: u64,
    /// The most that are kept of one second: of denials and failures, and as many of others.
    pub max_per_second: u64,
}

/// A filter of decisions: all of what is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// The id of a policy.
    pub policy: Option<String>,
    /// A version of it.
    pub version: Option<String>,
    /// What came of it.
    pub verdict: Option<ResultKind>,
    /// A check that it names.
    pub check: Option<String>,
    /// `enforce` or `monitor`.
    pub mode: Option<String>,
    /// Text anywhere in the decision, whatever its case.
    pub text: Option<String>,
}

/// The values of a filter.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Choices {
    /// The ids of policies.
    pub policies: Vec<String>,
    /// The ids of checks.
    pub checks: Vec<String>,
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultKind {
    /// A verdict that allows.
    Allowed,
    /// A verdict that denies.
    Denied,
    /// An answer that is no verdict.
    Answered,
    /// An error in place of an answer.
    Failed,
}

/// A decision in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// Its id in the decision log.
    pub decision_id: String,
    /// The moment of it.
    pub timestamp: String,
    /// The id that the policy is served under.
    pub id: String,
    /// The policy's own name.
    pub policy: String,
    /// The policy's version.
    pub version: String,
    /// What came of it.
    pub verdict: ResultKind,
    /// The code of the error in place of an answer, such as `over_budget`.
    pub error_code: Option<String>,
    /// `enforce` or `monitor`.
    pub mode: String,
    /// The checks that its reasons name.
    pub checks: Vec<String>,
    /// The first reason, or the error.
    pub reason: Option<String>,
    /// The time that the policy took; `None` with an error.
    pub microseconds: Option<f64>,
    /// The address of the client.
    pub requested_by: String,
    /// The id that the client sent, or got.
    pub request_id: Option<String>,
}

/// One decision.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionPage {
    /// What the list has of it.
    #[serde(flatten)]
    pub decision: Decision,
    /// The path that was asked for.
    pub path: String,
    /// The trace that it is a part of.
    pub trace_id: Option<String>,
    /// Its span in the trace.
    pub span_id: Option<String>,
    /// The memory that the policy allocated, where that is counted.
    pub allocated_bytes: Option<u64>,
    /// The time that the policy computed, where that is counted.
    pub cpu_microseconds: Option<f64>,
    /// The reasons of a denial.
    pub violations: Vec<Violation>,
    /// Reasons beyond the first, which are not shown.
    pub omitted_violations: usize,
    /// The input, erased and masked as in the decision log; `None` where there is none.
    pub input: Option<MarkedText>,
    /// JSON, indented.
    pub result: Option<String>,
    /// The error in place of a result.
    pub error: Option<String>,
    /// JSON pointers of what was taken out.
    pub erased: Vec<String>,
    /// JSON pointers of what was replaced.
    pub masked: Vec<String>,
    /// JSON pointers of what was too large to be kept.
    pub omitted: Vec<String>,
    /// The event of the decision log.
    pub event: Value,
    /// The page where it may be tried again, if it may.
    pub try_href: Option<String>,
}
