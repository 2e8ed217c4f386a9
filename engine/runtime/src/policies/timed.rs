//! Evaluations that have to end in time, for programs that make them one after the other.
//!
//! No thread can be stopped from outside: one with an evaluation that does not end is left to itself
//! until the process ends, and another takes its place.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use policy_api::{Context, EvaluateError};
use policy_confinement::Grants;

use super::budget::Budget;
use super::instance::{Decision, DecisionError, Instance};
use crate::confinement::Zone;
use crate::system::stack;

/// The time that a policy which checks its context has to notice that its deadline has passed.
const CANCELLATION_TIME: Duration = Duration::from_millis(100);

/// The most that one evaluation may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EvaluationLimits {
    pub(crate) timeout: Duration,
    pub(crate) budget: Budget,
}

/// What is asked of a policy.
pub(crate) struct TimedQuestion {
    pub(crate) instance: Arc<Instance>,
    /// JSON text.
    pub(crate) input: Vec<u8>,
    pub(crate) request_id: String,
    pub(crate) labels: Vec<(String, String)>,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TimedError {
    #[error(transparent)]
    Decision(DecisionError),
    #[error(
        "timed out: there was no answer within {}; allow more with `--timeout`",
        humantime::format_duration(*.0)
    )]
    TimedOut(Duration),
    #[error("failed to start a thread for the policy: {0}")]
    Thread(io::Error),
}

/// Evaluates on threads of the policies' zones, one question after the other.
pub(crate) struct TimedEvaluator {
    limits: EvaluationLimits,
    /// One in each zone that was asked.
    threads: BTreeMap<Grants, EvaluationThread>,
}

struct EvaluationThread {
    questions: Sender<(TimedQuestion, Instant)>,
    answers: Receiver<Result<(Decision, Vec<u8>), DecisionError>>,
}

impl TimedEvaluator {
    pub(crate) fn new(limits: EvaluationLimits) -> Self {
        Self { limits, threads: BTreeMap::new() }
    }

    /// The decision and the output, as JSON text.
    ///
    /// # Errors
    /// When there is none, or none in time.
    pub(crate) fn decide(
        &mut self,
        question: TimedQuestion,
    ) -> Result<(Decision, Vec<u8>), TimedError> {
        let EvaluationLimits { timeout, budget } = self.limits;
        let zone = question.instance.zone();
        let grants = zone.grants();
        let thread = match self.threads.remove(&grants) {
            Some(thread) => thread,
            None => EvaluationThread::start(zone, budget).map_err(TimedError::Thread)?,
        };
        let timed_out = TimedError::TimedOut(timeout);
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now);
        if thread.questions.send((question, deadline)).is_err() {
            return Err(timed_out);
        }
        let Ok(decided) = thread.answers.recv_timeout(timeout.saturating_add(CANCELLATION_TIME))
        else {
            return Err(timed_out);
        };
        self.threads.insert(grants, thread);
        match decided {
            Ok(_) if Instant::now() > deadline => Err(timed_out),
            Err(DecisionError::Evaluate(EvaluateError::Policy(error)))
                if error.is_deadline_passed() =>
            {
                Err(timed_out)
            }
            decided => decided.map_err(TimedError::Decision),
        }
    }
}

impl EvaluationThread {
    /// Starts a thread that ends once nobody asks it any more.
    fn start(zone: &Zone, budget: Budget) -> io::Result<Self> {
        let (questions, asked) = channel::<(TimedQuestion, Instant)>();
        let (answered, answers) = channel();
        let evaluate = move || {
            for (question, deadline) in asked {
                let decided = question.put(budget, deadline);
                // Before the answer: who has it may be at the end.
                drop(question);
                if answered.send(decided).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name("evaluation".to_owned()).stack_size(stack::BYTES);
        zone.spawn(thread, evaluate)?;
        Ok(Self { questions, answers })
    }
}

impl TimedQuestion {
    fn put(&self, budget: Budget, deadline: Instant) -> Result<(Decision, Vec<u8>), DecisionError> {
        let labels: Vec<_> = self.labels.iter().map(|(key, value)| (&**key, &**value)).collect();
        let context = Context::new(&self.request_id).with_labels(&labels).with_deadline(deadline);
        let mut output = Vec::new();
        let decided = self.instance.decide_within(budget, &self.input, &context, &mut output);
        decided.map(|decision| (decision, output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::{Registry, Settings};
    use crate::testing::registration;

    fn ask(evaluator: &mut TimedEvaluator, input: &str) -> Result<String, String> {
        let registry = Registry::from_registrations([registration("echo", "1.0.0")]).unwrap();
        let instance = Instance::configure(&registry.entries()[0], &Settings::default()).unwrap();
        let decided = evaluator.decide(TimedQuestion {
            instance: Arc::new(instance),
            input: input.as_bytes().to_vec(),
            request_id: String::new(),
            labels: vec![("team".to_owned(), "red".to_owned())],
        });
        match decided {
            Ok((_, output)) => Ok(String::from_utf8(output).unwrap()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn evaluation_that_does_not_end_is_left_and_the_next_is_made() {
        let budget = Budget { allocation: Some(100_000), cpu: None };
        let limits = EvaluationLimits { timeout: Duration::from_millis(300), budget };
        let mut evaluator = TimedEvaluator::new(limits);
        let timed_out = "timed out: there was no answer within 300ms; allow more with `--timeout`";
        let began = Instant::now();
        assert_eq!(ask(&mut evaluator, r#"{"sleep": 60000}"#).unwrap_err(), timed_out);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        assert_eq!(ask(&mut evaluator, "\"label\"").unwrap(), "\"red\"");
        // It ends, but not in time.
        assert_eq!(ask(&mut evaluator, r#"{"sleep": 320}"#).unwrap_err(), timed_out);
        assert_eq!(ask(&mut evaluator, "\"fail\"").unwrap_err(), "asked to fail");
        let over = ask(&mut evaluator, r#"{"allocate": 200000}"#).unwrap_err();
        assert!(over.starts_with("the evaluation allocated 20"), "{over}");
        assert_eq!(ask(&mut evaluator, "1").unwrap(), "1");
    }
}
