//! Putting the questions of cases, on many threads.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use policy_api::{EvaluateError, Verdict};

use super::difference::Differences;
use super::expectation::Expectation;
use super::suite::Case;
use crate::policies::{
    DecisionError, EvaluationLimits, TimedError, TimedEvaluator, TimedQuestion, reasons,
};
use crate::system::stack;

/// What came of a case.
pub(crate) struct CaseResult {
    pub(crate) judgement: Judgement,
    /// The answer, where the policy gave one.
    pub(crate) answer: Option<Answer>,
}

/// Whether a case is as expected.
pub(crate) enum Judgement {
    Passed,
    /// The answer differs.
    Failed(Differences),
    /// There is no answer, for this reason, and one was expected.
    Undecided(String),
}

/// A policy's answer.
pub(crate) struct Answer {
    pub(crate) verdict: Option<Verdict>,
    /// The checks that denied, each once.
    pub(crate) checks: Vec<String>,
}

/// Puts the questions, so many at one time, and gives the results in the order of the cases.
///
/// # Errors
/// The system has no thread more.
pub(crate) fn run(
    cases: &[&Case],
    jobs: usize,
    limits: EvaluationLimits,
) -> io::Result<Vec<CaseResult>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = Vec::new();
        let mut evaluator = TimedEvaluator::new(limits);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(index) else { return results };
            results.push((index, decide(case, &mut evaluator)));
        }
    };
    let mut results = thread::scope(|scope| {
        let threads = (0..jobs.clamp(1, cases.len().max(1)))
            .map(|_| thread::Builder::new().stack_size(stack::BYTES).spawn_scoped(scope, work))
            .collect::<io::Result<Vec<_>>>()?;
        let results = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        Ok::<_, io::Error>(results.collect::<Vec<_>>())
    })?;
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn decide(case: &Case, evaluator: &mut TimedEvaluator) -> CaseResult {
    let decided = evaluator.decide(TimedQuestion {
        instance: Arc::clone(&case.subject.instance),
        input: case.input.json.clone(),
        request_id: case.name.clone(),
        labels: case.labels.clone(),
    });
    let expected = &case.expectation;
    let (verdict, output) = match decided {
        Ok((decision, output)) => (decision.verdict, output),
        Err(error @ (TimedError::TimedOut(_) | TimedError::Thread(_))) => {
            return CaseResult { judgement: Judgement::Undecided(error.to_string()), answer: None };
        }
        Err(TimedError::Decision(error)) => {
            let message = match error {
                DecisionError::Evaluate(EvaluateError::Input(error)) => case.input.explain(&error),
                error => error.to_string(),
            };
            let judgement = match expected {
                Expectation::Error(part, at) => {
                    Judgement::new(Expectation::failed(part, at, &message))
                }
                Expectation::Answer(_) => Judgement::Undecided(message),
            };
            return CaseResult { judgement, answer: None };
        }
    };
    let checks = match verdict {
        Some(Verdict::Denied) => denying(&String::from_utf8_lossy(&output)),
        _ => Vec::new(),
    };
    let judgement = match expected {
        Expectation::Error(part, at) => Judgement::new(Expectation::answered(part, at, verdict)),
        Expectation::Answer(answer) => match serde_json::from_slice(&output) {
            Ok(output) => Judgement::new(answer.compare(verdict, &checks, &output)),
            Err(error) => Judgement::Undecided(format!("the output cannot be read: {error}")),
        },
    };
    CaseResult { judgement, answer: Some(Answer { verdict, checks }) }
}

/// The checks that a denial names, each once.
pub(super) fn denying(output: &str) -> Vec<String> {
    let mut checks: Vec<String> = Vec::new();
    for check in reasons(output).into_iter().filter_map(|reason| reason.check) {
        if !checks.contains(&check) {
            checks.push(check);
        }
    }
    checks
}

impl Judgement {
    fn new(differences: Differences) -> Self {
        if differences.is_empty() { Self::Passed } else { Self::Failed(differences) }
    }
}
