use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus::{IntCounter, IntGauge};
use tokio::sync::Semaphore;

use crate::telemetry::DecisionLogMetrics;

/// The account of every event: it waits, was written, or was dropped.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The bytes that may be queued.
    pub(super) capacity: Semaphore,
    /// All of it, when nothing waits.
    size: usize,
    queued: IntGauge,
    queued_bytes: IntGauge,
    written: IntCounter,
    failures: IntCounter,
    pub(super) full: IntCounter,
    too_large: IntCounter,
    shutdown: IntCounter,
    pub(super) full_warnings: Throttle,
    too_large_warnings: Throttle,
}

impl Ledger {
    pub(super) fn new(size: usize, metrics: DecisionLogMetrics) -> Self {
        let size = size.min(Semaphore::MAX_PERMITS);
        let dropped = |reason| metrics.dropped.with_label_values(&[reason]);
        Self {
            capacity: Semaphore::new(size),
            size,
            full: dropped("full"),
            too_large: dropped("too_large"),
            shutdown: dropped("shutdown"),
            queued: metrics.queued,
            queued_bytes: metrics.queued_bytes,
            written: metrics.written,
            failures: metrics.failures,
            full_warnings: Throttle::new(),
            too_large_warnings: Throttle::new(),
        }
    }

    /// The permits for an event of this size, if it could ever fit.
    pub(super) fn permits_for(&self, bytes: usize) -> Option<u32> {
        u32::try_from(bytes).ok().filter(|_| bytes <= self.size)
    }

    /// Counts an event that has its permits and waits.
    pub(super) fn reserve(&self, bytes: usize) {
        self.queued.inc();
        self.queued_bytes.add(count(bytes));
    }

    /// Counts events that are written, and releases their bytes.
    pub(super) fn commit(&self, events: usize, bytes: usize) {
        self.release(events, bytes);
        self.written.inc_by(events as u64);
    }

    /// Drops an event that is too large for the collector.
    pub(super) fn discard(&self, bytes: usize) {
        self.release(1, bytes);
        self.reject(bytes, "the collector takes no upload that large");
    }

    /// Drops an event that is too large.
    pub(super) fn reject(&self, bytes: usize, reason: &str) {
        self.too_large.inc();
        if let Some(events) = self.too_large_warnings.count() {
            tracing::warn!(
                "decision log: dropped {events} events that are too large, the last of them of \
                 {bytes} bytes: {reason}"
            );
        }
    }

    /// Drops an event that came after the end.
    pub(super) fn count_late(&self) {
        self.shutdown.inc();
    }

    /// Releases an event that nobody is there to write.
    pub(super) fn release_unsent(&self, bytes: usize) {
        self.release(1, bytes);
        self.count_late();
    }

    /// Counts a failed attempt to write.
    pub(super) fn count_failure(&self) {
        self.failures.inc();
    }

    /// The number of events that wait.
    pub(super) fn queued_events(&self) -> u64 {
        u64::try_from(self.queued.get()).unwrap_or_default()
    }

    /// Abandons the events that still wait, and returns their number.
    pub(super) fn abandon(&self) -> u64 {
        self.capacity.close();
        let lost = self.queued_events();
        self.shutdown.inc_by(lost);
        self.queued.set(0);
        self.queued_bytes.set(0);
        lost
    }

    fn release(&self, events: usize, bytes: usize) {
        self.queued.sub(count(events));
        self.queued_bytes.sub(count(bytes));
        self.capacity.add_permits(bytes);
    }
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// Lets one warning a second through, with the number of those that it stands for.
#[derive(Debug)]
pub(super) struct Throttle {
    start: Instant,
    /// The time of the next warning, in milliseconds from the start.
    next: AtomicU64,
    held: AtomicU64,
}

impl Throttle {
    const PAUSE: Duration = Duration::from_secs(1);

    fn new() -> Self {
        Self { start: Instant::now(), next: AtomicU64::new(0), held: AtomicU64::new(0) }
    }

    /// Counts one more, and gives their number when it is time to tell.
    pub(super) fn count(&self) -> Option<u64> {
        self.held.fetch_add(1, Ordering::Relaxed);
        let now = self.start.elapsed();
        let next = self.next.load(Ordering::Relaxed);
        let then = milliseconds(now + Self::PAUSE);
        let told = milliseconds(now) >= next
            && self.next.compare_exchange(next, then, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        told.then(|| self.held.swap(0, Ordering::Relaxed))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_warnings_are_rate_limited() {
        let throttle = Throttle::new();
        assert_eq!(throttle.count(), Some(1));
        assert_eq!((0..50).filter_map(|_| throttle.count()).count(), 0);
        throttle.next.store(0, Ordering::Relaxed);
        assert_eq!(throttle.count(), Some(51));
    }
}
