use std::sync::atomic::{AtomicUsize, Ordering};

use super::activity::Activity;

/// The runtime's worker threads that policies may hold: all but the one that stands by.
#[derive(Debug)]
pub(crate) struct WorkerSlots {
    free: AtomicUsize,
    total: usize,
    activity: Activity,
}

impl WorkerSlots {
    pub(crate) fn new(total: usize) -> Self {
        Self { free: AtomicUsize::new(total), total, activity: Activity::new() }
    }

    /// Whether policies are asked at all, on these threads or on others.
    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Takes the current worker for a policy, if another one is left to read requests.
    pub(super) fn try_acquire(&self) -> Option<WorkerPermit<'_>> {
        self.free
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1))
            .ok()
            .map(|_| WorkerPermit(self))
    }

    /// Tells whether a policy holds a worker.
    pub(crate) fn any_held(&self) -> bool {
        self.free() < self.total
    }

    /// Tells whether policies hold all of them.
    pub(crate) fn all_held(&self) -> bool {
        self.free() == 0
    }

    pub(super) fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }
}

impl Drop for WorkerSlots {
    /// Lets the observer notice that there is nothing more to look at.
    fn drop(&mut self) {
        self.activity.wake();
    }
}

/// A worker that a policy holds, released also when the policy panics.
pub(super) struct WorkerPermit<'a>(&'a WorkerSlots);

impl Drop for WorkerPermit<'_> {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::Relaxed);
    }
}
