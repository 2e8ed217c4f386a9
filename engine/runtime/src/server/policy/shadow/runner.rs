use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::question::Question;
use super::shared::Shared;
use crate::server::http::memory_budget::Reservation;
use crate::server::policy::call::call;
use crate::server::policy::failure::EvaluationFailure;
use crate::server::policy::progress::{CANCELLATION_TIME, EvaluationProgress};
use crate::system::stack;
use crate::telemetry::ShedReason;

/// The least claim to the processor.
const NICENESS: i32 = 19;

/// Starts a thread that puts questions to a shadow, until no more come or one was given up.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(
    shared: &Arc<Shared>,
    queue: &Arc<Mutex<Receiver<Question>>>,
) -> io::Result<JoinHandle<()>> {
    let (shared, queue) = (Arc::clone(shared), Arc::clone(queue));
    thread::Builder::new().name("shadow".to_owned()).stack_size(stack::BYTES).spawn(move || {
        // Of this thread alone, on Linux. Without the right to it, it has the claim of the others.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).try_recv();
            match next {
                Ok(question) => {
                    if !put(&shared, question) {
                        return;
                    }
                }
                // The supervisor wakes it.
                Err(TryRecvError::Empty) => thread::park(),
                Err(TryRecvError::Disconnected) => return,
            }
        }
    })
}

/// Puts a question to the shadow. False if that was given up meanwhile: another thread has its place.
fn put(shared: &Shared, question: Question) -> bool {
    static EVALUATIONS: AtomicU64 = AtomicU64::new(0);
    let policy = &shared.policy;
    let Question { input, answer, memory } = question;
    let number = EVALUATIONS.fetch_add(1, Ordering::Relaxed);
    let deadline = Instant::now() + policy.timeout;
    let evaluation_memory = Reservation::beside(&policy.memory, memory.bytes());
    let progress = EvaluationProgress::new(None, evaluation_memory, deadline);
    let request_id = answer.request_id.clone();
    shared.begin(number, deadline + CANCELLATION_TIME, answer);
    let request_id = request_id.as_deref().unwrap_or_default();
    let declared = policy.entry.registration.checks;
    let result = call(&policy.instance, declared, &input, request_id, policy.timeout, &progress);
    let Some(answer) = shared.finish(number) else {
        policy.stuck.fetch_sub(1, Ordering::Relaxed);
        policy.metrics.stuck.dec();
        return false;
    };
    match &result {
        Err(EvaluationFailure::Exhausted(_)) => policy.metrics.shed(ShedReason::Full),
        result => shared.differences().count(policy, &answer, result),
    }
    true
}
