use std::fmt;
use std::time::Duration;

use hyper::StatusCode;
use policy_api::DecodeError;

use crate::policies::{OverBudget, RefusedCalls};
use crate::server::http::memory_budget::Exhausted;
use crate::telemetry;

/// The reason why an evaluation gave no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EvaluationFailure {
    /// The input is not what the policy takes.
    #[error("{0}")]
    Input(DecodeError),
    #[error("{0}")]
    Policy(String),
    #[error("the policy panicked: {0}")]
    Panicked(String),
    #[error("timed out: there was no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// It tried what its confinement refuses.
    #[error("{0}")]
    Refused(RefusedCalls),
    /// It used more memory or processor time than it may.
    #[error("{0}")]
    OverBudget(OverBudget),
    #[error(
        "{0} evaluations timed out and are still running; the policy is suspended until one \
         finishes"
    )]
    Suspended(usize),
    /// There is no memory for what the policy makes of its input.
    #[error("{0}")]
    Exhausted(Exhausted),
    /// The concurrency limit is reached: the policy was not asked.
    #[error("too many requests in flight; retry later")]
    Overloaded,
}

impl EvaluationFailure {
    /// The code of the failure, in decision logs and in the errors of OPA's API.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Input(_) => "invalid_parameter",
            Self::Policy(_) | Self::Panicked(_) | Self::TimedOut(_) => "internal_error",
            Self::Refused(_) => "refused",
            Self::OverBudget(_) => "over_budget",
            Self::Suspended(_) | Self::Overloaded => "overloaded",
            Self::Exhausted(exhausted) => exhausted.code(),
        }
    }

    /// The status that an API answers with, unless it has a better one for inputs.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Input(_) => StatusCode::BAD_REQUEST,
            Self::Policy(_) | Self::Panicked(_) | Self::Refused(_) | Self::OverBudget(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Suspended(_) | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Exhausted(exhausted) => exhausted.status(),
        }
    }

    /// The outcome that metrics count.
    pub(crate) fn outcome(&self) -> telemetry::DecisionOutcome {
        match self {
            Self::Input(_) => telemetry::DecisionOutcome::InvalidInput,
            Self::Policy(_) => telemetry::DecisionOutcome::Failed,
            Self::Panicked(_) => telemetry::DecisionOutcome::Panicked,
            Self::TimedOut(_) => telemetry::DecisionOutcome::TimedOut,
            Self::Refused(_) => telemetry::DecisionOutcome::Refused,
            Self::OverBudget(_) => telemetry::DecisionOutcome::OverBudget,
            Self::Suspended(_) | Self::Overloaded | Self::Exhausted(_) => {
                telemetry::DecisionOutcome::Shed
            }
        }
    }

    /// Tells whether the policy has taken the input for what it expects. Otherwise it refused the
    /// input, or was never asked.
    pub(crate) fn input_was_accepted(&self) -> bool {
        match self {
            Self::Policy(_) | Self::Panicked(_) | Self::TimedOut(_) => true,
            // Decoding may use up a budget.
            Self::Refused(_)
            | Self::OverBudget(_)
            | Self::Input(_)
            | Self::Suspended(_)
            | Self::Overloaded
            | Self::Exhausted(_) => false,
        }
    }

    /// The message for clients, which names the policy where the failure is one of its own.
    pub(crate) fn message(&self, id: &str) -> String {
        match self {
            Self::Overloaded => self.to_string(),
            _ => policy_message(id, self),
        }
    }
}

/// A message about the policy of this id.
pub(crate) fn policy_message(id: &str, problem: impl fmt::Display) -> String {
    format!("policy `{id}`: {problem}")
}
