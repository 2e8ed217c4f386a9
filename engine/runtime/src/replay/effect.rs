use std::fmt;

use policy_api::Verdict;
use serde::Serialize;

use crate::config::Mode;

/// A verdict as its caller meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Effect {
    Allowed,
    Denied,
    /// Denied by a policy in the mode `monitor`: answered as allowed.
    Monitored,
    /// The answer is no verdict.
    None,
    /// There is no answer.
    Failed,
    /// No policy is served at that path.
    NotServed,
}

/// What has become different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    Verdict,
    /// The verdict is the same, but not all of the answer: other checks, words or patches.
    Answer,
    Nothing,
}

impl Effect {
    pub(super) fn new(verdict: Option<Verdict>, mode: Mode) -> Self {
        match (verdict, mode) {
            (Some(Verdict::Allowed), _) => Self::Allowed,
            (Some(Verdict::Denied), Mode::Enforce) => Self::Denied,
            (Some(Verdict::Denied), Mode::Monitor) => Self::Monitored,
            (None, _) => Self::None,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Monitored => "monitored",
            Self::None => "no verdict",
            Self::Failed => "failed",
            Self::NotServed => "not served",
        })
    }
}
