use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use policy_api::{Allowance, Cancellation, Context, Error};

use crate::server::http::concurrency::RequestPermit;
use crate::server::http::memory_budget::{Exhausted, Reservation};

/// The time that a policy which checks its context has to notice that its deadline has passed.
pub(super) const CANCELLATION_TIME: Duration = Duration::from_millis(100);

/// The progress of one evaluation; clones share one state.
#[derive(Debug, Clone)]
pub(super) struct EvaluationProgress(Arc<ProgressState>);

#[derive(Debug)]
struct ProgressState {
    /// The policy has been called. Before, the evaluation waits for a thread.
    begun: AtomicBool,
    /// The permit of an evaluation that a client waits for, released with this state, or before.
    permit: Mutex<Option<RequestPermit>>,
    cancellation: Cancellation,
    deadline: Instant,
    memory: Mutex<EvaluationMemory>,
}

/// The memory that an evaluation has reserved.
#[derive(Debug)]
pub(super) struct EvaluationMemory {
    pub(super) reservation: Reservation,
    /// The reason why no more could be reserved.
    pub(super) exhausted: Option<Exhausted>,
}

impl EvaluationProgress {
    pub(super) fn new(
        permit: Option<RequestPermit>,
        reservation: Reservation,
        deadline: Instant,
    ) -> Self {
        Self(Arc::new(ProgressState {
            begun: AtomicBool::new(false),
            permit: Mutex::new(permit),
            cancellation: Cancellation::default(),
            deadline,
            memory: Mutex::new(EvaluationMemory { reservation, exhausted: None }),
        }))
    }

    /// Notes that the policy is called now. Returns false if the caller has gone or timed out.
    pub(super) fn begin(&self, now: Instant) -> bool {
        let is_wanted = now < self.0.deadline && !self.0.cancellation.is_cancelled();
        if is_wanted {
            self.0.begun.store(true, Ordering::Relaxed);
        }
        is_wanted
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Calls `evaluate` with the context that the policy sees.
    pub(super) fn with_context<T>(
        &self,
        request_id: &str,
        evaluate: impl FnOnce(&Context<'_>) -> T,
    ) -> T {
        let allowance: Arc<dyn Allowance> = Arc::clone(&self.0) as _;
        let context = Context::new(request_id)
            .with_deadline(self.0.deadline)
            .with_cancellation(&self.0.cancellation)
            .with_allowance(&allowance);
        evaluate(&context)
    }

    /// Cancels the evaluation, which a policy notices if it checks its context.
    pub(super) fn cancel(&self) {
        self.0.cancellation.cancel();
    }

    pub(super) fn release_permit(&self) {
        drop(self.0.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, EvaluationMemory> {
        self.0.memory()
    }
}

impl ProgressState {
    fn memory(&self) -> MutexGuard<'_, EvaluationMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Allowance for ProgressState {
    fn take(&self, bytes: usize) -> Result<(), Error> {
        Context::default()
            .with_deadline(self.deadline)
            .with_cancellation(&self.cancellation)
            .check()?;
        let mut memory = self.memory();
        memory.reservation.grow(bytes).map_err(|exhausted| {
            memory.exhausted = Some(exhausted);
            Error::out_of_memory(exhausted)
        })
    }
}
