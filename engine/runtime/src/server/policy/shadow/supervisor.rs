use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::question::{Answer, Question};
use super::runner;
use super::shared::Shared;
use crate::server::policy::failure::EvaluationFailure;

/// The interval at which the runner is looked after.
const TICK: Duration = Duration::from_millis(10);

/// The number of ticks without a question after which the supervisor sleeps until the next one.
const IDLE_TICKS: u32 = 100;

/// The supervisor of a shadow: it wakes the runner where questions wait, which costs requests too
/// much, and replaces it where an evaluation does not end.
struct Supervisor {
    shared: Arc<Shared>,
    queue: Arc<Mutex<Receiver<Question>>>,
    runner: Option<JoinHandle<()>>,
    idle: u32,
}

/// Starts a supervisor, which ends with its shadow.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(
    shared: &Arc<Shared>,
    queue: Arc<Mutex<Receiver<Question>>>,
) -> io::Result<Thread> {
    let mut supervisor = Supervisor { shared: Arc::clone(shared), queue, runner: None, idle: 0 };
    let run = move || {
        while supervisor.tick() {
            supervisor.rest();
        }
    };
    // Its runners are of the same zone.
    let zone = &shared.policy.entry.zone;
    let thread = zone.spawn(thread::Builder::new().name("shadows".to_owned()), run)?;
    Ok(thread.thread().clone())
}

impl Supervisor {
    /// Looks after the runner. False if there is nothing left to look after.
    fn tick(&mut self) -> bool {
        if let Some(answer) = self.shared.give_up(Instant::now()) {
            self.replace(&answer);
        }
        self.runner.take_if(|runner| runner.is_finished());
        let policy = &self.shared.policy;
        let has_questions = self.shared.places.any_taken();
        let ended = self.shared.ended.load(Ordering::SeqCst);
        self.idle = if has_questions { 0 } else { self.idle.saturating_add(1) };
        match &self.runner {
            Some(runner) if has_questions || ended => runner.thread().unpark(),
            None if has_questions && policy.stuck.load(Ordering::Relaxed) < policy.max_stuck => {
                match runner::start(&self.shared, &self.queue) {
                    Ok(runner) => self.runner = Some(runner),
                    Err(error) => {
                        error!(id = policy.id, "failed to start the thread of a shadow: {error}");
                    }
                }
            }
            None if ended => return false,
            Some(_) | None => {}
        }
        true
    }

    /// Waits for the next tick, or after a while without questions, for one.
    fn rest(&mut self) {
        let shared = &self.shared;
        if self.idle < IDLE_TICKS {
            thread::sleep(TICK);
            return;
        }
        shared.asleep.store(true, Ordering::SeqCst);
        if !shared.places.any_taken() && !shared.ended.load(Ordering::SeqCst) {
            thread::park();
        }
        shared.asleep.store(false, Ordering::SeqCst);
        self.idle = 0;
    }

    /// Counts an evaluation as stuck. Its thread ends by itself, if ever.
    fn replace(&mut self, answer: &Answer) {
        let policy = &self.shared.policy;
        policy.stuck.fetch_add(1, Ordering::Relaxed);
        policy.metrics.stuck.inc();
        self.runner = None;
        let failure = EvaluationFailure::TimedOut(policy.timeout);
        warn!(
            id = policy.id,
            shadow = policy.entry.name(),
            shadow_version = policy.version,
            "the shadow overran, and its thread is replaced"
        );
        self.shared.differences().count(policy, answer, &Err(failure));
    }
}
