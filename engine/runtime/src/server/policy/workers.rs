use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;

/// How long a policy may hold a thread before another one is woken in its place.
const TICK: Duration = Duration::from_millis(10);

/// The threads that read requests: policies may hold all of them but one.
#[derive(Debug)]
pub(crate) struct Readers {
    free: AtomicUsize,
    /// All but one.
    all: usize,
}

impl Readers {
    pub(crate) fn new(threads: usize) -> Self {
        let all = threads.saturating_sub(1);
        Self { free: AtomicUsize::new(all), all }
    }

    /// Sees to it that sockets and timers are looked at while policies run, for as long as the
    /// runtime and these are there.
    ///
    /// The runtime's threads sleep while there is nothing to do, and the one that wakes with a
    /// request takes what it brings for itself: where that is a policy that does not end, the
    /// others would sleep on. Work that comes from outside of the runtime wakes one of them.
    pub(crate) fn keep_awake(self: &Arc<Self>, runtime: Handle) -> io::Result<()> {
        let readers = Arc::downgrade(self);
        let look = move || {
            while let Some(readers) = readers.upgrade() {
                if readers.free.load(Ordering::Relaxed) < readers.all {
                    drop(runtime.spawn(async {}));
                }
                drop(readers);
                thread::sleep(TICK);
            }
        };
        thread::Builder::new().name("keep-awake".to_owned()).spawn(look).map(drop)
    }

    /// Takes this thread for a policy, if another one is left to read requests.
    pub(crate) fn take(&self) -> Option<Taken<'_>> {
        self.free
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1))
            .ok()
            .map(|_| Taken(self))
    }

    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }
}

/// A thread that a policy holds, given back also when it breaks off.
pub(crate) struct Taken<'a>(&'a Readers);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::Relaxed);
    }
}
