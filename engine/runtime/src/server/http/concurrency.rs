use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Limits;
use crate::telemetry::RequestMetrics;

/// The limit of requests that are decided at one time. A few more wait for a short time, and all
/// others are refused at once, as late answers help no client.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    permits: Semaphore,
    waiting: AtomicUsize,
    queue: usize,
    queue_time: Duration,
    metrics: RequestMetrics,
}

/// The permit of a request that is being decided, released when it is dropped.
#[derive(Debug)]
pub(crate) struct RequestPermit(Arc<ConcurrencyLimit>);

/// The error of a request that has no permit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LimitReached;

impl ConcurrencyLimit {
    pub(crate) fn new(limits: &Limits, metrics: RequestMetrics) -> Self {
        Self {
            permits: Semaphore::new(limits.in_flight.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            queue: limits.queue,
            queue_time: limits.queue_time,
            metrics,
        }
    }

    /// Acquires a permit, at once or after a wait.
    ///
    /// # Errors
    /// When too many requests wait already, or the wait took too long.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<RequestPermit, LimitReached> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait().await.inspect_err(|_| self.metrics.shed.inc())?,
        };
        // `RequestPermit` releases it.
        permit.forget();
        self.metrics.in_flight.inc();
        Ok(RequestPermit(Arc::clone(self)))
    }

    /// Tells whether requests wait for a permit.
    pub(crate) fn is_busy(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    async fn wait(&self) -> Result<SemaphorePermit<'_>, LimitReached> {
        // Dropped with this future, also when the client goes away.
        let queued = QueuedRequest::new(self);
        if queued.ahead >= self.queue {
            return Err(LimitReached);
        }
        match tokio::time::timeout(self.queue_time, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(LimitReached),
        }
    }
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
        self.0.permits.add_permits(1);
    }
}

/// A request that waits for a permit.
struct QueuedRequest<'a> {
    limit: &'a ConcurrencyLimit,
    /// The number of requests that waited already.
    ahead: usize,
}

impl<'a> QueuedRequest<'a> {
    fn new(limit: &'a ConcurrencyLimit) -> Self {
        limit.metrics.queued.inc();
        Self { limit, ahead: limit.waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for QueuedRequest<'_> {
    fn drop(&mut self) {
        self.limit.waiting.fetch_sub(1, Ordering::Relaxed);
        self.limit.metrics.queued.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;
    use crate::testing::limits;

    #[tokio::test(start_paused = true)]
    async fn requests_above_the_limit_wait_and_those_above_the_queue_are_refused() {
        let metrics = Metrics::new().unwrap().requests;
        let limits =
            Limits { in_flight: 1, queue: 1, queue_time: Duration::from_millis(50), ..limits() };
        let limit = Arc::new(ConcurrencyLimit::new(&limits, metrics.clone()));
        let first = limit.acquire().await.unwrap();
        let waiting = tokio::spawn({
            let limit = Arc::clone(&limit);
            async move { limit.acquire().await.map(drop) }
        });
        while metrics.queued.get() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(limit.acquire().await.unwrap_err(), LimitReached);
        assert_eq!((metrics.shed.get(), metrics.in_flight.get()), (1, 1));
        drop(first);
        assert_eq!(waiting.await.unwrap(), Ok(()));

        let _held = limit.acquire().await.unwrap();
        assert_eq!(limit.acquire().await.unwrap_err(), LimitReached, "no permit within the time");
        assert_eq!((metrics.shed.get(), metrics.queued.get()), (2, 0));
    }
}
