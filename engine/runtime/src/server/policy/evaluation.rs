//! One evaluation: what is seen of it from outside, and what becomes of it when nobody waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use policy_api::{Allowance, Cancellation, Context, Error, EvaluateError};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout_at;
use tracing::warn;

use super::{Answer, NoAnswer, Served};
use crate::policies::DecisionError;
use crate::server::http::concurrency::Place;
use crate::server::http::memory_budget::{Exhausted, Reservation};

/// How long a policy that looks at its context may take to see that its time is up.
pub(crate) const NOTICE: Duration = Duration::from_millis(100);

/// Bytes that most answers have room in.
const LIKELY_OUTPUT: usize = 256;

pub(crate) type Evaluation = JoinHandle<Result<Answer, NoAnswer>>;

/// How far an evaluation is; its clones share one state.
#[derive(Debug, Clone)]
pub(crate) struct Progress(Arc<State>);

#[derive(Debug)]
struct State {
    /// Whether the policy is in it. Before, it waits for a thread, which is not the policy's doing.
    begun: AtomicBool,
    /// Given back with this, or before.
    place: Mutex<Option<Place>>,
    caller: Cancellation,
    deadline: Instant,
    memory: Mutex<Memory>,
}

/// What an evaluation holds of the memory of all.
#[derive(Debug)]
struct Memory {
    reservation: Reservation,
    /// Why it got no more.
    exhausted: Option<Exhausted>,
}

impl State {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Allowance for State {
    fn take(&self, bytes: usize) -> Result<(), Error> {
        Context::default().with_deadline(self.deadline).with_cancellation(&self.caller).check()?;
        let mut memory = self.memory();
        memory.reservation.grow(bytes).map_err(|exhausted| {
            memory.exhausted = Some(exhausted);
            Error::out_of_memory(exhausted)
        })
    }
}

impl Progress {
    pub(crate) fn new(place: Place, reservation: Reservation, deadline: Instant) -> Self {
        Self(Arc::new(State {
            begun: AtomicBool::new(false),
            place: Mutex::new(Some(place)),
            caller: Cancellation::default(),
            deadline,
            memory: Mutex::new(Memory { reservation, exhausted: None }),
        }))
    }

    fn give_place_back(&self) {
        drop(self.0.place.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Who waits for an answer: with it gone, work for it is called off, and watched until it ends.
pub(crate) struct Caller<'a> {
    served: &'a Arc<Served>,
    progress: Progress,
    deadline: Instant,
    /// Taken out only by the end of this.
    evaluation: Option<Evaluation>,
}

impl<'a> Caller<'a> {
    pub(crate) fn of(
        served: &'a Arc<Served>,
        evaluation: Evaluation,
        progress: Progress,
        deadline: Instant,
    ) -> Self {
        Self { served, progress, deadline, evaluation: Some(evaluation) }
    }

    pub(crate) async fn answer(&mut self) -> Result<Answer, NoAnswer> {
        match &mut self.evaluation {
            Some(evaluation) => ended(evaluation.await),
            None => Err(NoAnswer::TimedOut(self.served.timeout)),
        }
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.progress.0.caller.cancel();
        let running = self.evaluation.take().filter(|evaluation| !evaluation.is_finished());
        // Without a runtime the server is at its end.
        if let (Some(evaluation), Ok(runtime)) = (running, Handle::try_current()) {
            let served = Arc::clone(self.served);
            runtime.spawn(served.watch(evaluation, self.progress.clone(), self.deadline));
        }
    }
}

impl Served {
    pub(crate) fn evaluate(
        &self,
        input: &[u8],
        request_id: &str,
        progress: &Progress,
    ) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        let Progress(state) = progress;
        // It may have waited for a thread until nobody waits for it.
        if started >= state.deadline || state.caller.is_cancelled() {
            return Err(NoAnswer::TimedOut(self.timeout));
        }
        state.begun.store(true, Ordering::Relaxed);
        let allowance: Arc<dyn Allowance> = Arc::clone(state) as _;
        let context = Context::new(request_id)
            .with_deadline(state.deadline)
            .with_cancellation(&state.caller)
            .with_allowance(&allowance);
        let mut output = Vec::with_capacity(LIKELY_OUTPUT);
        let decided = self.instance.decide(input, &context, &mut output);
        let mut memory = state.memory();
        match decided {
            Ok(decision) => {
                // What was decoded is there no more.
                let mut kept = memory.reservation.split();
                drop(memory);
                let held = kept.bytes();
                kept.shrink(held.saturating_sub(output.capacity()));
                Ok(Answer {
                    output,
                    verdict: decision.verdict,
                    evaluation: started.elapsed(),
                    _memory: kept,
                })
            }
            Err(DecisionError::Evaluate(EvaluateError::Policy(error)))
                if error.is_out_of_memory()
                    && let Some(exhausted) = memory.exhausted =>
            {
                memory.reservation.shrink(usize::MAX);
                Err(NoAnswer::Exhausted(exhausted))
            }
            Err(DecisionError::Evaluate(EvaluateError::Input(error))) => {
                Err(NoAnswer::Input(error))
            }
            Err(DecisionError::Evaluate(EvaluateError::Policy(error)))
                if error.is_deadline_passed() || error.is_cancelled() =>
            {
                Err(NoAnswer::TimedOut(self.timeout))
            }
            Err(DecisionError::Evaluate(error)) => Err(NoAnswer::Policy(error.to_string())),
            Err(DecisionError::Panicked(message)) => Err(NoAnswer::Panicked(message)),
        }
    }

    /// Counts an evaluation that nobody waits for as stuck, from when it overruns until it ends.
    async fn watch(
        self: Arc<Self>,
        mut evaluation: Evaluation,
        progress: Progress,
        deadline: Instant,
    ) {
        // A policy that looks at its context sees only then that its time is up.
        let on_notice = timeout_at((deadline + NOTICE).into(), &mut evaluation).await;
        if on_notice.is_ok() || !progress.0.begun.load(Ordering::Relaxed) {
            return;
        }
        if !self.blocking.swap(true, Ordering::Relaxed) {
            warn!(
                id = self.id,
                policy = self.entry.name(),
                "it overran on a thread that reads requests, and runs on threads of its own from \
                 now on: set `blocking`, or a `timeout` that it keeps"
            );
        }
        self.stuck.fetch_add(1, Ordering::Relaxed);
        self.metrics.stuck.inc();
        // From here on it stands in its own policy's way, and in no other's.
        progress.give_place_back();
        // Whatever comes of it, nobody waits for it any more.
        let _ = evaluation.await;
        self.stuck.fetch_sub(1, Ordering::Relaxed);
        self.metrics.stuck.dec();
    }
}

/// What an evaluation's own thread or task came to: it is cut off only when the process ends.
pub(crate) fn ended(
    result: Result<Result<Answer, NoAnswer>, JoinError>,
) -> Result<Answer, NoAnswer> {
    result.unwrap_or_else(|error| Err(NoAnswer::Panicked(error.to_string())))
}
