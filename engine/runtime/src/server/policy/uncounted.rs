use std::time::{Duration, Instant};

use policy_api::Check;

use super::call::call;
use super::failure::EvaluationFailure;
use super::output::EvaluationOutput;
use super::progress::EvaluationProgress;
use crate::policies::Instance;
use crate::server::http::memory_budget::Reservation;

/// Evaluates a policy, which declares these checks, on this thread, for one who only looks: nothing
/// of it is counted, nor logged. The thread is of the policy's zone.
///
/// # Errors
/// The reason why there is no output, or none in time.
pub(crate) fn evaluate_uncounted(
    instance: &Instance,
    declared: &'static [Check],
    input: &[u8],
    timeout: Duration,
    memory: Reservation,
) -> Result<EvaluationOutput, EvaluationFailure> {
    let deadline = Instant::now() + timeout;
    let progress = EvaluationProgress::new(None, memory, deadline);
    let result = call(instance, declared, input, "", timeout, &progress);
    if Instant::now() > deadline { Err(EvaluationFailure::TimedOut(timeout)) } else { result }
}
