use policy_api::Verdict;

use super::failure::EvaluationFailure;
use super::output::EvaluationOutput;
use crate::telemetry::DecisionOutcome;

/// The outcome of an evaluation, as metrics count it.
pub(crate) fn outcome(result: &Result<EvaluationOutput, EvaluationFailure>) -> DecisionOutcome {
    match result {
        Ok(output) => match output.verdict {
            Some(Verdict::Allowed) => DecisionOutcome::Allowed,
            Some(Verdict::Denied) => DecisionOutcome::Denied,
            None => DecisionOutcome::Answered,
        },
        Err(failure) => failure.outcome(),
    }
}
