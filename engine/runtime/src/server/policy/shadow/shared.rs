use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::differences::Differences;
use super::policy::ShadowPolicy;
use super::question::Answer;

/// The most questions that wait for one shadow.
pub(super) const MAX_QUEUED: usize = 4096;

/// The state that the requests, the supervisor and the runner of a shadow share.
pub(super) struct Shared {
    pub(super) policy: Arc<ShadowPolicy>,
    /// Questions that wait or are being put.
    queued: Arc<AtomicUsize>,
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

/// A place in the queue, given back when this is dropped.
pub(super) struct QueuedQuestion(Arc<AtomicUsize>);

impl Shared {
    pub(super) fn new(policy: ShadowPolicy) -> Self {
        Self {
            policy: Arc::new(policy),
            queued: Arc::default(),
            asleep: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            running: Mutex::default(),
            differences: Mutex::default(),
        }
    }

    /// Takes a place in the queue, if there is one.
    pub(super) fn queue(&self) -> Option<QueuedQuestion> {
        let more = |queued: usize| (queued < MAX_QUEUED).then_some(queued + 1);
        let taken = self.queued.try_update(Ordering::SeqCst, Ordering::Relaxed, more);
        taken.ok().map(|_| QueuedQuestion(Arc::clone(&self.queued)))
    }

    /// The number of questions that wait or are being put.
    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::SeqCst)
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

impl Drop for QueuedQuestion {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
