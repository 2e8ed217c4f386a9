use std::time::{Duration, Instant};

use policy_api::{Check, EvaluateError, Verdict};

use super::failure::EvaluationFailure;
use super::output::EvaluationOutput;
use super::progress::EvaluationProgress;
use crate::policies::{DecisionError, Instance, denied_by};

/// Bytes that most outputs fit in.
const LIKELY_OUTPUT: usize = 256;

/// Calls a policy, which declares these checks, on this thread, within the memory and the time of
/// its progress.
pub(super) fn call(
    instance: &Instance,
    declared: &'static [Check],
    input: &[u8],
    request_id: &str,
    timeout: Duration,
    progress: &EvaluationProgress,
) -> Result<EvaluationOutput, EvaluationFailure> {
    let started = Instant::now();
    if !progress.begin(started) {
        return Err(EvaluationFailure::TimedOut(timeout));
    }
    let mut text = Vec::with_capacity(LIKELY_OUTPUT);
    let decided =
        progress.with_context(request_id, |context| instance.decide(input, context, &mut text));
    let mut memory = progress.memory();
    match decided {
        Ok(decision) => {
            let checks = match decision.verdict {
                Some(Verdict::Denied) => denied_by(&text, declared),
                Some(Verdict::Allowed) | None => Vec::new(),
            };
            // The decoded input is gone.
            let mut kept = memory.reservation.split();
            drop(memory);
            let held = kept.bytes();
            kept.shrink(held.saturating_sub(text.capacity()));
            Ok(EvaluationOutput {
                text,
                verdict: decision.verdict,
                checks,
                elapsed: started.elapsed(),
                usage: decision.usage,
                _memory: kept,
            })
        }
        Err(DecisionError::Evaluate(EvaluateError::Policy(error)))
            if error.is_out_of_memory()
                && let Some(exhausted) = memory.exhausted =>
        {
            memory.reservation.shrink(usize::MAX);
            Err(EvaluationFailure::Exhausted(exhausted))
        }
        Err(DecisionError::Evaluate(EvaluateError::Input(error))) => {
            Err(EvaluationFailure::Input(error))
        }
        Err(DecisionError::Evaluate(EvaluateError::Policy(error)))
            if error.is_deadline_passed() || error.is_cancelled() =>
        {
            Err(EvaluationFailure::TimedOut(timeout))
        }
        Err(DecisionError::Evaluate(error)) => Err(EvaluationFailure::Policy(error.to_string())),
        Err(DecisionError::Refused(refused)) => Err(EvaluationFailure::Refused(refused)),
        Err(DecisionError::OverBudget(over)) => Err(EvaluationFailure::OverBudget(over)),
        Err(DecisionError::Panicked(message)) => Err(EvaluationFailure::Panicked(message)),
    }
}
