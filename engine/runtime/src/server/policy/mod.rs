//! A policy as it is served: asked within its time, whatever it does.
//!
//! Native code cannot be stopped from outside. What can be done, is done here: the caller is told
//! on time that there is no answer, a policy whose evaluations do not end is not asked any more
//! until they do, and the threads that read requests are kept out of it.

mod answer;
pub(crate) mod deployment;
mod evaluation;
#[cfg(test)]
mod tests;
mod workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use policy_api::Verdict;
use tokio::task::{spawn, spawn_blocking};
use tokio::time::timeout_at;
use tracing::{error, warn};

pub(crate) use answer::{Answer, NoAnswer, Question};
pub(crate) use workers::Readers;

use crate::config::Mode;
use crate::policies::{Entry, Instance};
use crate::telemetry::{DecisionOutcome, PolicyMetrics};
use evaluation::{Caller, Evaluation, Progress, ended};

/// In the place of what a policy says.
const LEFT_OUT: &str = "why is left out, as it may quote what the decision log erases or masks; \
                        the caller was told";

/// A policy, configured, with its limits and its figures.
pub(crate) struct Served {
    pub(crate) id: String,
    pub(crate) entry: Entry,
    /// The entry's version, as text.
    pub(crate) version: String,
    pub(crate) instance: Instance,
    /// Of its settings, `sha256:…`.
    pub(crate) settings_digest: String,
    pub(crate) timeout: Duration,
    pub(crate) mode: Mode,
    pub(crate) max_stuck: usize,
    /// Whether something of inputs must not be seen: then what the policy says of one is not
    /// logged, as it may quote it.
    pub(crate) discreet: bool,
    /// Whether it runs on threads of its own. A policy that overruns once on a thread that reads
    /// requests does so from then on.
    pub(crate) blocking: AtomicBool,
    /// Evaluations that overran and have not ended: also those of the same policy before a reload.
    pub(crate) stuck: Arc<AtomicUsize>,
    pub(crate) metrics: PolicyMetrics,
    pub(crate) readers: Arc<Readers>,
}

impl Served {
    /// Puts one question. The answer comes within the policy's time, or word that there is none.
    ///
    /// # Errors
    /// No answer, for one of the reasons that there are.
    pub(crate) async fn ask(self: &Arc<Self>, question: Question) -> Result<Answer, NoAnswer> {
        let request_id = question.request_id.clone();
        let answer = self.ask_in_time(question).await;
        let outcome = match &answer {
            Ok(answer) => {
                self.metrics.latency.observe(answer.evaluation.as_secs_f64());
                match answer.verdict {
                    Some(Verdict::Allowed) => DecisionOutcome::Allowed,
                    Some(Verdict::Denied) => DecisionOutcome::Denied,
                    None => DecisionOutcome::Answered,
                }
            }
            Err(problem) => self.log(problem, request_id.as_deref().unwrap_or_default()),
        };
        self.metrics.count(outcome);
        answer
    }

    /// Tells the operator what is the policy's defect, and not what is the caller's.
    fn log(&self, problem: &NoAnswer, request_id: &str) -> DecisionOutcome {
        let (id, policy, version) = (&self.id, self.entry.name(), &self.version);
        match problem {
            NoAnswer::Input(_) => return DecisionOutcome::InvalidInput,
            NoAnswer::Stuck(_) | NoAnswer::Busy | NoAnswer::Exhausted(_) => {
                return DecisionOutcome::Shed;
            }
            NoAnswer::Panicked(_) if self.discreet => {
                error!(id, policy, version, request_id, "the policy panicked: {LEFT_OUT}");
            }
            NoAnswer::Policy(_) if self.discreet => {
                warn!(id, policy, version, request_id, "the policy failed: {LEFT_OUT}");
            }
            NoAnswer::Panicked(_) => error!(id, policy, version, request_id, "{problem}"),
            NoAnswer::Policy(_) | NoAnswer::TimedOut(_) => {
                warn!(id, policy, version, request_id, "{problem}");
            }
        }
        match problem {
            NoAnswer::Panicked(_) => DecisionOutcome::Panicked,
            NoAnswer::TimedOut(_) => DecisionOutcome::TimedOut,
            _ => DecisionOutcome::Failed,
        }
    }

    async fn ask_in_time(self: &Arc<Self>, question: Question) -> Result<Answer, NoAnswer> {
        let stuck = self.stuck.load(Ordering::Relaxed);
        if stuck >= self.max_stuck {
            return Err(NoAnswer::Stuck(stuck));
        }
        let deadline = Instant::now() + self.timeout;
        let (evaluation, progress) = self.begin(question, deadline);
        let mut caller = Caller::of(self, evaluation, progress, deadline);
        match timeout_at(deadline.into(), caller.answer()).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer::TimedOut(self.timeout)),
        }
    }

    /// Begins an evaluation, in a task of its own wherever it runs: so this one can still answer.
    fn begin(self: &Arc<Self>, question: Question, deadline: Instant) -> (Evaluation, Progress) {
        let Question { input, request_id, place, memory } = question;
        let progress = Progress::new(place, memory, deadline);
        let evaluate = {
            let (served, progress) = (Arc::clone(self), progress.clone());
            move || {
                let request_id = request_id.as_deref().unwrap_or_default();
                served.evaluate(&input, request_id, &progress)
            }
        };
        let evaluation = if self.blocking.load(Ordering::Relaxed) {
            spawn_blocking(evaluate)
        } else {
            let readers = Arc::clone(&self.readers);
            spawn(async move {
                if let Some(_taken) = readers.take() {
                    return evaluate();
                }
                ended(spawn_blocking(evaluate).await)
            })
        };
        (evaluation, progress)
    }
}
