use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Limits;
use crate::telemetry::RequestMetrics;

/// Lets in as many requests as are decided on at one time, has a few more wait for a short time,
/// and sends the others away at once: late answers to everybody help nobody.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
    queue_time: Duration,
    metrics: RequestMetrics,
}

/// A request's place among those that are decided on.
#[derive(Debug)]
pub(crate) struct Place(Arc<Gate>);

/// Too many requests were there already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy;

impl Gate {
    pub(crate) fn new(limits: &Limits, metrics: RequestMetrics) -> Self {
        Self {
            places: Semaphore::new(limits.in_flight.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            queue: limits.queue,
            queue_time: limits.queue_time,
            metrics,
        }
    }

    /// A place, at once or after waiting for one.
    pub(crate) async fn enter(self: &Arc<Self>) -> Result<Place, Busy> {
        let permit = match self.places.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait().await.inspect_err(|_| self.metrics.shed.inc())?,
        };
        // Given back with the place.
        permit.forget();
        self.metrics.in_flight.inc();
        Ok(Place(Arc::clone(self)))
    }

    async fn wait(&self) -> Result<SemaphorePermit<'_>, Busy> {
        // Dropped wherever this future is, also when the client goes away while it waits.
        let waiting = Waiting::of(self);
        if waiting.before >= self.queue {
            return Err(Busy);
        }
        match tokio::time::timeout(self.queue_time, self.places.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Busy),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
        self.0.places.add_permits(1);
    }
}

struct Waiting<'a> {
    gate: &'a Gate,
    /// How many waited already.
    before: usize,
}

impl<'a> Waiting<'a> {
    fn of(gate: &'a Gate) -> Self {
        gate.metrics.queued.inc();
        Self { gate, before: gate.waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.gate.waiting.fetch_sub(1, Ordering::Relaxed);
        self.gate.metrics.queued.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;
    use crate::testing::limits;

    #[tokio::test]
    async fn some_wait_and_the_others_are_sent_away() {
        let metrics = Metrics::new().unwrap().requests;
        let limits =
            Limits { in_flight: 1, queue: 1, queue_time: Duration::from_millis(50), ..limits() };
        let gate = Arc::new(Gate::new(&limits, metrics.clone()));
        let first = gate.enter().await.unwrap();
        let waits = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await.map(drop) }
        });
        while metrics.queued.get() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(gate.enter().await.unwrap_err(), Busy);
        assert_eq!((metrics.shed.get(), metrics.in_flight.get()), (1, 1));
        drop(first);
        assert_eq!(waits.await.unwrap(), Ok(()));

        let _held = gate.enter().await.unwrap();
        assert_eq!(gate.enter().await.unwrap_err(), Busy, "it waited in vain");
        assert_eq!((metrics.shed.get(), metrics.queued.get()), (2, 0));
    }
}
