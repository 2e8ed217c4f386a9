use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use std::time::Instant;

use hyper::body::Bytes;
use uuid::Uuid;

use super::policy::ShadowPolicy;
use super::question::{Answer, Question};
use super::queue_places::MAX_QUEUED;
use super::shared::Shared;
use super::supervisor;
use crate::config::Sample;
use crate::server::http::memory_budget::Reservation;
use crate::server::policy::failure::EvaluationFailure;
use crate::server::policy::outcome::outcome;
use crate::server::policy::output::EvaluationOutput;
use crate::system::long_work;
use crate::telemetry::{DecisionOutcome, ShedReason};

/// The longest denial whose reasons are kept for the log.
const MAX_DENIAL: usize = 4 << 10;

/// A shadow as requests see it.
pub(crate) struct Shadow {
    shared: Arc<Shared>,
    questions: SyncSender<Question>,
    supervisor: Thread,
    /// Questions so far, among them those that are not of the sample.
    counted: AtomicU64,
}

/// A question that has been answered.
pub(crate) struct Asked<'a> {
    /// JSON text.
    pub(crate) input: Bytes,
    pub(crate) result: &'a Result<EvaluationOutput, EvaluationFailure>,
    pub(crate) request_id: Option<Arc<str>>,
    /// The id of the event in the decision log.
    pub(crate) decision_id: Option<Uuid>,
    /// Other requests wait to be decided on.
    pub(crate) is_busy: bool,
}

impl Shadow {
    /// Starts the supervisor of a shadow, which ends with this.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(policy: ShadowPolicy) -> io::Result<Self> {
        // Questions are counted until they have been put. As many fit as are counted, so that nobody
        // who queues one meets a place that is still being taken from.
        let (questions, queue) = sync_channel(MAX_QUEUED);
        let shared = Arc::new(Shared::new(policy));
        let supervisor = supervisor::start(&shared, Arc::new(Mutex::new(queue)))?;
        Ok(Self { shared, questions, supervisor, counted: AtomicU64::new(0) })
    }

    pub(crate) fn policy(&self) -> &ShadowPolicy {
        &self.shared.policy
    }

    /// Tells whether the next question is of the sample.
    pub(crate) fn samples_next(&self) -> bool {
        match self.policy().sample.per_million() {
            Sample::ALL => true,
            0 => false,
            sample => {
                let number = self.counted.fetch_add(1, Ordering::Relaxed);
                usize::try_from(scrambled(number) % Sample::ALL as u64)
                    .is_ok_and(|number| number < sample)
            }
        }
    }

    /// Queues a question, if there is room. It never waits.
    pub(crate) fn offer(&self, asked: &Asked<'_>) {
        let outcome = outcome(asked.result);
        // The policy itself was not asked.
        if outcome == DecisionOutcome::Shed {
            return;
        }
        let now = Instant::now();
        match self.question(outcome, asked, now) {
            Ok(question) => self.queue(question),
            Err(reason) => {
                if reason == ShedReason::Full {
                    self.shared.pause.begin(now);
                }
                self.policy().metrics.shed(reason);
            }
        }
    }

    fn question(
        &self,
        outcome: DecisionOutcome,
        asked: &Asked<'_>,
        now: Instant,
    ) -> Result<Question, ShedReason> {
        let policy = self.policy();
        if policy.stuck.load(Ordering::Relaxed) >= policy.max_stuck {
            return Err(ShedReason::Suspended);
        }
        if asked.is_busy || self.shared.pause.is_on(now) {
            return Err(ShedReason::Busy);
        }
        let place = self.shared.places.take().ok_or(ShedReason::Full)?;
        let denial = match asked.result {
            Ok(output) if outcome == DecisionOutcome::Denied && !policy.discreet => {
                Some(&output.text).filter(|text| text.len() <= MAX_DENIAL)
            }
            Ok(_) | Err(_) => None,
        };
        let mut memory = Reservation::empty(&policy.memory);
        memory
            .grow(asked.input.len() + denial.map_or(0, Vec::len))
            .map_err(|_| ShedReason::Full)?;
        // A copy, as what the client sent counts in the memory for clients.
        let input = long_work::on_bytes(asked.input.len(), || Box::from(&*asked.input));
        let answer = Answer {
            outcome,
            checks: asked.result.as_ref().map(|output| output.checks.clone()).unwrap_or_default(),
            denial: denial.map(|text| Box::from(text.as_slice())),
            request_id: asked.request_id.clone(),
            decision_id: asked.decision_id,
            _place: place,
        };
        Ok(Question { input, answer, memory })
    }

    fn queue(&self, question: Question) {
        if self.questions.try_send(question).is_err() {
            self.policy().metrics.shed(ShedReason::Full);
        }
        if self.shared.asleep.load(Ordering::SeqCst)
            && self.shared.asleep.swap(false, Ordering::SeqCst)
        {
            self.supervisor.unpark();
        }
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.supervisor.unpark();
    }
}

/// A number that looks random, for each number: `SplitMix64`.
fn scrambled(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
