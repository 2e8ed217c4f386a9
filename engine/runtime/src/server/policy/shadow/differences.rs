use std::collections::HashMap;
use std::time::{Duration, Instant};

use policy_api::Verdict;
use prometheus::IntCounter;
use tracing::info;

use super::policy::ShadowPolicy;
use super::question::Answer;
use crate::policies::reasons_in_words;
use crate::server::policy::failure::EvaluationFailure;
use crate::server::policy::outcome::outcome;
use crate::server::policy::output::EvaluationOutput;
use crate::telemetry::DecisionOutcome;

/// The number of examples of each kind of difference that are logged at once.
const FIRST: u32 = 3;

/// The interval between examples of a kind after those.
const INTERVAL: Duration = Duration::from_mins(1);

/// The counts of a shadow's decisions by what the policy decided, and the examples that were logged.
#[derive(Default)]
pub(super) struct Differences(HashMap<(DecisionOutcome, DecisionOutcome), Kind>);

/// The decisions of one outcome that had one outcome of the shadow.
struct Kind {
    counter: IntCounter,
    logged: u32,
    /// The time of the last example.
    last: Option<Instant>,
    /// Differences since the last example.
    unlogged: u64,
}

impl Differences {
    /// Counts a decision of the shadow. If it is another one, an example may be logged.
    pub(super) fn count(
        &mut self,
        policy: &ShadowPolicy,
        answer: &Answer,
        result: &Result<EvaluationOutput, EvaluationFailure>,
    ) {
        let (of_policy, of_shadow) = (answer.outcome, outcome(result));
        let kind = self.0.entry((of_policy, of_shadow)).or_insert_with(|| Kind {
            counter: policy.metrics.decided(of_policy, of_shadow),
            logged: 0,
            last: None,
            unlogged: 0,
        });
        kind.counter.inc();
        if of_policy != of_shadow
            && let Some(unlogged) = kind.example(Instant::now())
        {
            log(policy, answer, result, unlogged);
        }
    }
}

impl Kind {
    /// The number of differences that were not logged before this one, if it is to be logged.
    fn example(&mut self, now: Instant) -> Option<u64> {
        let is_due = self.logged < FIRST
            || self.last.is_none_or(|last| now.saturating_duration_since(last) >= INTERVAL);
        if !is_due {
            self.unlogged += 1;
            return None;
        }
        self.logged = self.logged.saturating_add(1);
        self.last = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

fn log(
    policy: &ShadowPolicy,
    answer: &Answer,
    result: &Result<EvaluationOutput, EvaluationFailure>,
    unlogged: u64,
) {
    // They may quote what the decision log erases or masks.
    let words = |words: String| (!policy.discreet && !words.is_empty()).then_some(words);
    let reasons = |output: &[u8]| reasons_in_words(&String::from_utf8_lossy(output), "; ");
    let shadow_reasons = match result {
        Ok(output) if output.verdict == Some(Verdict::Denied) => words(reasons(&output.text)),
        Ok(_) => None,
        Err(failure) => words(failure.to_string()),
    };
    let checks = |checks: &[&str]| (!checks.is_empty()).then(|| checks.join(", "));
    info!(
        id = policy.id,
        policy = policy.answering,
        version = policy.answering_version,
        shadow = policy.entry.name(),
        shadow_version = policy.version,
        outcome = answer.outcome.name(),
        shadow_outcome = outcome(result).name(),
        checks = checks(&answer.checks),
        reasons = answer.denial.as_deref().map(reasons).and_then(words),
        shadow_checks = result.as_ref().ok().and_then(|output| checks(&output.checks)),
        shadow_reasons,
        request_id = answer.request_id.as_deref(),
        decision_id = answer.decision_id.map(|id| id.to_string()),
        unlogged = (unlogged > 0).then_some(unlogged),
        "the shadow decides otherwise"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_logged_at_once_and_then_at_intervals() {
        let metrics = crate::telemetry::Metrics::new().unwrap();
        let metrics = metrics.shadow(["p", "old", "1.0.0", "new", "2.0.0"]);
        let counter = metrics.decided(DecisionOutcome::Allowed, DecisionOutcome::Denied);
        let mut kind = Kind { counter, logged: 0, last: None, unlogged: 0 };
        let start = Instant::now();
        for _ in 0..FIRST {
            assert_eq!(kind.example(start), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(kind.example(start + INTERVAL / 2), None);
        }
        assert_eq!(kind.example(start + INTERVAL), Some(7));
        assert_eq!(kind.example(start + INTERVAL), None);
    }
}
