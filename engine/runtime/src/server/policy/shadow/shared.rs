use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::differences::Differences;
use super::pause::Pause;
use super::policy::ShadowPolicy;
use super::question::Answer;
use super::queue_places::QueuePlaces;

/// The state that the requests, the supervisor and the runner of a shadow share.
pub(super) struct Shared {
    pub(super) policy: Arc<ShadowPolicy>,
    /// The places of questions that wait or are being put.
    pub(super) places: QueuePlaces,
    /// The pause after the queue was full.
    pub(super) pause: Pause,
    /// The supervisor sleeps until there is a question.
    pub(super) asleep: AtomicBool,
    /// No question comes any more.
    pub(super) ended: AtomicBool,
    running: Mutex<Option<RunningEvaluation>>,
    differences: Mutex<Differences>,
}

/// The evaluation that the runner is in.
struct RunningEvaluation {
    number: u64,
    deadline: Instant,
    answer: Answer,
}

impl Shared {
    pub(super) fn new(policy: ShadowPolicy) -> Self {
        Self {
            policy: Arc::new(policy),
            places: QueuePlaces::default(),
            pause: Pause::none(),
            asleep: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            running: Mutex::default(),
            differences: Mutex::default(),
        }
    }

    /// Notes that an evaluation begins.
    pub(super) fn begin(&self, number: u64, deadline: Instant, answer: Answer) {
        *lock(&self.running) = Some(RunningEvaluation { number, deadline, answer });
    }

    /// Notes that an evaluation has ended. `None` if it was given up before.
    pub(super) fn finish(&self, number: u64) -> Option<Answer> {
        let mut running = lock(&self.running);
        running.take_if(|running| running.number == number).map(|running| running.answer)
    }

    /// Gives up an evaluation that should have ended by now.
    pub(super) fn give_up(&self, now: Instant) -> Option<Answer> {
        let mut running = lock(&self.running);
        running.take_if(|running| running.deadline < now).map(|running| running.answer)
    }

    pub(super) fn differences(&self) -> MutexGuard<'_, Differences> {
        lock(&self.differences)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
