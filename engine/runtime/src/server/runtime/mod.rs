//! Two tokio runtimes. One reads requests and evaluates policies; the other does the rest: signals,
//! reloads, certificates, the decision log and spans. They have no thread in common, so that those of
//! the first need neither files nor connections of their own.
//!
//! The first has as many workers as there are processors, and one more that stands by until policies
//! hold all others ([`spare`]).
//!
//! It has two work-arounds for properties of its scheduler:
//!
//! - Setting a timer that is nearer than all others wakes a thread. A timer that is always near keeps
//!   those of requests from being the nearest: [`keep_timer_near`].
//! - The thread that wakes with a request keeps the tasks that it brings. Where one of them is a
//!   policy that does not end, the other threads sleep on, and no thread polls sockets and timers.
//!   Work from outside of the runtime wakes one of them ([`watch`]).
//!
//! Together they cost about 120 wake-ups a second while policies are asked. A second after the last
//! question both sleep until the next one, so that a server at rest is woken by nothing of this.

mod spare;
mod watch;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use policy_confinement::Grants;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::MissedTickBehavior;

use self::watch::watch;
use super::policy::WorkerSlots;
use crate::confinement::{Confinement, Zone, mark_thread};
use crate::system::stack;

/// More threads than policies that block can have: the configuration of today limits the requests in
/// flight and the evaluations that are stuck, and no policy may take the threads of another. A thread
/// is only started where one is needed.
const BLOCKING_THREADS: usize = 1 << 20;

/// Threads of the rest for what blocks: files, name lookups, the last spans.
const REST_THREADS: usize = 16;

/// The period of the timer that is always near.
const NEAR: Duration = Duration::from_millis(50);

/// The threads of runtimes that evaluate policies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Threads {
    /// Threads that read requests. Policies may hold them all: there is one more that stands by.
    pub(crate) workers: usize,
}

impl Threads {
    /// As many as there are processors.
    pub(crate) fn new() -> Self {
        Self { workers: thread::available_parallelism().map_or(1, NonZero::get) }
    }

    /// Starts the threads that read requests, and the one that watches which of them policies hold, in
    /// the zone that this is called in.
    pub(crate) fn start(self, slots: &Arc<WorkerSlots>) -> io::Result<Runtime> {
        let runtime = builder(self.workers + 1, Grants::NONE).enable_all().build()?;
        watch(slots, runtime.handle().clone())?;
        runtime.spawn(keep_timer_near(Arc::clone(slots)));
        Ok(runtime)
    }
}

fn builder(workers: usize, grants: Grants) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("policy-engine")
        .thread_stack_size(stack::BYTES)
        .on_thread_start(move || mark_thread(grants));
    builder
}

/// The runtimes of policies with grants, which share no thread with others.
pub(crate) struct GrantedRuntimes(BTreeMap<Grants, Runtime>);

impl GrantedRuntimes {
    /// Builds one in each zone with grants.
    pub(crate) fn start(confinement: &Confinement) -> io::Result<Self> {
        let zones = confinement.granted();
        let start = |zone: &Zone| {
            // It only hands work to its blocking threads, which are then of its own zone.
            let grants = zone.grants();
            let runtime = zone.run(move || builder(1, grants).build()).flatten()?;
            Ok((grants, runtime))
        };
        zones.map(start).collect::<io::Result<_>>().map(Self)
    }

    pub(crate) fn handles(&self) -> BTreeMap<Grants, Handle> {
        self.0.iter().map(|(grants, runtime)| (*grants, runtime.handle().clone())).collect()
    }

    /// Ends them, without waiting for evaluations.
    pub(crate) fn shutdown(self) {
        self.0.into_values().for_each(Runtime::shutdown_background);
    }
}

/// Builds the runtime of the rest, which the calling thread drives.
pub(crate) fn build_rest() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .max_blocking_threads(REST_THREADS)
        .thread_name("rest")
        .enable_all()
        .build()
}

/// Awaits a future on this thread, with its sockets and timers in another runtime.
pub(crate) async fn within<F: Future>(runtime: &Handle, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _inside = runtime.enter();
        future.as_mut().poll(context)
    })
    .await
}

/// Keeps the timers of requests from being the nearest, for as long as the runtime runs and policies
/// are asked.
async fn keep_timer_near(slots: Arc<WorkerSlots>) {
    let mut interval = tokio::time::interval(NEAR);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        slots.activity().awake().await;
    }
}
