use std::cell::Cell;
use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

use policy_confinement::Grants;

use crate::system::stack::{self, Job};

/// The time that the end of the process waits for what was left to run.
const FINISH_TIME: Duration = Duration::from_secs(1);

/// The threads that run the code of some policies: what one of them starts is confined as they are.
///
/// A thread cannot be confined from outside, and what confines it cannot be taken off. So each zone has
/// a keeper, which was confined before any policy ran, and which starts the zone's threads.
#[derive(Clone, Default)]
pub(crate) struct Zone(Option<Arc<Keeper>>);

struct Keeper {
    grants: Grants,
    starts: Sender<Start>,
    /// A thread of the zone that has nothing to do. Starting one takes a turn of the supervisor.
    idle: Mutex<Option<Sender<Job>>>,
}

impl Keeper {
    fn idle(&self) -> MutexGuard<'_, Option<Sender<Job>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of what was left to run.
static LEFT: Mutex<usize> = Mutex::new(0);
static NONE_LEFT: Condvar = Condvar::new();

/// One of what was left, until this is dropped.
struct Left;

impl Left {
    fn begin() -> Self {
        *Self::count() += 1;
        Self
    }

    fn count() -> MutexGuard<'static, usize> {
        LEFT.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let mut count = Self::count();
        *count -= 1;
        if *count == 0 {
            NONE_LEFT.notify_all();
        }
    }
}

/// Waits for what was left to run, for a short time: the process ends then.
pub(crate) fn finish() {
    let waited = NONE_LEFT.wait_timeout_while(Left::count(), FINISH_TIME, |count| *count > 0);
    // Whatever has not ended is cut off.
    drop(waited);
}

thread_local! {
    /// The zone that this thread is of.
    static CURRENT: Cell<Option<Grants>> = const { Cell::new(None) };
}

/// Notes that this thread is of the zone with these grants, for [`Zone::begin`].
pub(crate) fn mark_thread(grants: Grants) {
    CURRENT.set(Some(grants));
}

/// Starts one thread.
type Start = Box<dyn FnOnce() + Send>;

impl Zone {
    /// The zone of a keeper: what is sent to the other end, the keeper has to [`keep`].
    pub(super) fn new(grants: Grants) -> (Self, Receiver<Start>) {
        let (starts, orders) = channel();
        (Self(Some(Arc::new(Keeper { grants, starts, idle: Mutex::default() }))), orders)
    }

    /// Starts a thread in the zone.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        thread: Builder,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<T>> {
        let Some(keeper) = &self.0 else { return thread.spawn(run) };
        let (sender, started) = channel();
        let grants = keeper.grants;
        let run = move || {
            mark_thread(grants);
            run()
        };
        let start = move || drop(sender.send(thread.spawn(run)));
        let gone = || io::Error::other("the keeper of the zone has ended");
        keeper.starts.send(Box::new(start)).map_err(|_| gone())?;
        started.recv().map_err(|_| gone())?
    }

    /// Runs on a thread of the zone, which may be this one, and waits for that.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        self.begin(run)?.wait()
    }

    /// Begins to run on a thread of the zone. On such a thread, and where nothing is confined, it runs to
    /// the end at once.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Begun<T>> {
        let keeper = match &self.0 {
            Some(keeper) if CURRENT.get() != Some(keeper.grants) => Arc::clone(keeper),
            _ => return Ok(Begun(Stage::Made(run()))),
        };
        let idle = keeper.idle().take();
        let thread = idle.map_or_else(|| self.start_thread(), Ok)?;
        let (sender, made) = channel();
        let job = move || drop(sender.send(catch_unwind(AssertUnwindSafe(run))));
        thread.send(Box::new(job)).map_err(|_| thread_ended())?;
        Ok(Begun(Stage::Running { made, thread, keeper }))
    }

    /// Runs on a thread of the zone that does nothing else, and does not wait: [`finish`] does. Where
    /// the system gives no thread, what `run` holds is never dropped.
    pub(crate) fn leave(&self, run: impl FnOnce() + Send + 'static) {
        let keeper = self.0.clone();
        let idle = keeper.as_ref().and_then(|keeper| keeper.idle().take());
        let Ok(thread) = idle.map_or_else(|| self.start_thread(), Ok) else {
            return mem::forget(run);
        };
        let (left, next) = (Left::begin(), thread.clone());
        let job = move || {
            run();
            if let Some(keeper) = keeper {
                *keeper.idle() = Some(next);
            }
            drop(left);
        };
        if let Err(SendError(job)) = thread.send(Box::new(job)) {
            mem::forget(job);
        }
    }

    /// Starts a thread that takes jobs.
    fn start_thread(&self) -> io::Result<Sender<Job>> {
        let (sender, jobs) = channel::<Job>();
        let work = move || jobs.into_iter().for_each(|job| job());
        self.spawn(Builder::new().name("configure".to_owned()).stack_size(stack::BYTES), work)?;
        Ok(sender)
    }

    /// What policies of this zone may do beyond deciding.
    pub(crate) fn grants(&self) -> Grants {
        self.0.as_ref().map(|keeper| keeper.grants).unwrap_or_default()
    }
}

/// Work that was given to a zone.
pub(crate) struct Begun<T>(Stage<T>);

enum Stage<T> {
    /// What it made at once.
    Made(T),
    /// It runs on a thread that takes other work afterwards.
    Running { made: Receiver<thread::Result<T>>, thread: Sender<Job>, keeper: Arc<Keeper> },
}

impl<T> Begun<T> {
    /// Waits for what is made. A panic of the work goes on here.
    ///
    /// # Errors
    /// When the thread has ended.
    pub(crate) fn wait(self) -> io::Result<T> {
        let (made, thread, keeper) = match self.0 {
            Stage::Made(made) => return Ok(made),
            Stage::Running { made, thread, keeper } => (made, thread, keeper),
        };
        let made = made.recv().map_err(|_| thread_ended())?;
        *keeper.idle() = Some(thread);
        Ok(made.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

fn thread_ended() -> io::Error {
    io::Error::other("a thread of the zone has ended")
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.grants()).finish()
    }
}

/// Starts the threads of a zone from this one, until the zone is gone.
pub(super) fn keep(orders: &Receiver<Start>) {
    while let Ok(start) = orders.recv() {
        start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zone whose threads nothing confines.
    fn zone() -> Zone {
        let (zone, orders) = Zone::new(Grants::NONE);
        thread::spawn(move || keep(&orders));
        zone
    }

    fn this_thread() -> thread::ThreadId {
        thread::current().id()
    }

    #[test]
    fn work_runs_on_one_thread_of_the_zone_and_at_once_on_that_thread() {
        let zone = zone();
        let inner = zone.clone();
        let nested = move || (this_thread(), inner.run(this_thread).unwrap());
        let (outside, inside) = zone.run(nested).unwrap();
        assert_eq!(outside, inside);
        assert_ne!(outside, this_thread());
        assert_eq!(zone.run(this_thread).unwrap(), outside);
    }

    #[test]
    fn work_that_does_not_end_keeps_no_other_from_its_thread() {
        let zone = zone();
        let (release, released) = channel::<()>();
        let first = zone.begin(move || released.recv().is_err()).unwrap();
        let other = zone.run(this_thread).unwrap();
        drop(release);
        assert!(first.wait().unwrap());
        assert_ne!(zone.run(this_thread).unwrap(), other, "the last one to be free is next");
    }

    #[test]
    fn panic_goes_on_where_the_work_is_waited_for() {
        let zone = zone();
        let begun = zone.begin(|| std::panic::panic_any("asked for")).unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| begun.wait())).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"asked for"));
        zone.run(this_thread).unwrap();
    }

    #[test]
    fn work_that_is_left_runs_on_another_thread_which_takes_more_afterwards() {
        for zone in [zone(), Zone::default()] {
            let (ran, threads) = channel();
            zone.leave(move || ran.send(this_thread()).unwrap());
            let left = threads.recv().unwrap();
            assert_ne!(left, this_thread());
            let Some(keeper) = &zone.0 else { continue };
            while keeper.idle().is_none() {
                thread::yield_now();
            }
            assert_eq!(zone.run(this_thread).unwrap(), left);
        }
    }

    #[test]
    fn end_waits_for_what_was_left() {
        let (ran, is_done) = channel();
        zone().leave(move || {
            thread::sleep(Duration::from_millis(100));
            ran.send(()).unwrap();
        });
        finish();
        is_done.try_recv().unwrap();
    }

    #[test]
    fn work_without_a_zone_runs_on_the_thread_that_gives_it() {
        assert_eq!(Zone::default().run(this_thread).unwrap(), this_thread());
    }
}
