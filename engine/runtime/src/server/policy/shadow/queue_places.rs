use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most questions that wait for one shadow.
pub(super) const MAX_QUEUED: usize = 4096;

/// The places of a queue.
#[derive(Default)]
pub(super) struct QueuePlaces(Arc<AtomicUsize>);

/// A place in the queue, given back when this is dropped.
pub(super) struct QueuePlace(Arc<AtomicUsize>);

impl QueuePlaces {
    /// Takes a place, if there is one.
    pub(super) fn take(&self) -> Option<QueuePlace> {
        let more = |taken: usize| (taken < MAX_QUEUED).then_some(taken + 1);
        let taken = self.0.try_update(Ordering::SeqCst, Ordering::Relaxed, more);
        taken.ok().map(|_| QueuePlace(Arc::clone(&self.0)))
    }

    /// Tells whether one is taken.
    pub(super) fn any_taken(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
