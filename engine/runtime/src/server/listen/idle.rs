//! Idle tracking of one connection.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The activity of a connection. Requests note their begin and end here, and the connection looks at
/// it when its timer runs out, so that no timer is reset for each request.
#[derive(Debug)]
pub(super) struct Activity {
    /// The time when the connection was accepted.
    start: Instant,
    /// The number of requests in progress.
    in_progress: AtomicUsize,
    /// The time of the last response, in milliseconds after the start, plus one; 0 for none.
    last_response: AtomicU64,
}

/// The times that a connection may be idle.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdleTimeouts {
    /// The start of both times; what happened before does not count.
    pub(super) since: Instant,
    /// The time until the first request.
    pub(super) first: Duration,
    /// The time after a response.
    pub(super) idle: Duration,
}

impl Activity {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, in_progress: AtomicUsize::new(0), last_response: AtomicU64::new(0) }
    }

    /// Notes that a request has arrived.
    pub(super) fn begin(&self) {
        self.in_progress.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a request has its response, or was abandoned.
    pub(super) fn end(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.last_response.store(now + 1, Ordering::Relaxed);
        self.in_progress.fetch_sub(1, Ordering::Release);
    }

    /// The time when the connection becomes idle for too long. While a request is in progress, this
    /// is a time to look again, which is never later than that.
    pub(super) fn deadline(&self, timeouts: IdleTimeouts, now: Instant) -> Instant {
        if self.in_progress.load(Ordering::Acquire) > 0 {
            return now + timeouts.idle;
        }
        match self.last_response.load(Ordering::Relaxed) {
            0 => timeouts.since + timeouts.first,
            after => {
                let responded = self.start + Duration::from_millis(after);
                responded.max(timeouts.since) + timeouts.idle
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn deadline_is_the_idle_time_after_the_last_response() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let timeouts = IdleTimeouts { since: start, first: seconds(5), idle: seconds(60) };
        let activity = Activity::new(start);
        let deadline = || (activity.deadline(timeouts, Instant::now()) - start).as_secs();
        assert_eq!(deadline(), 5);

        tokio::time::advance(seconds(2)).await;
        activity.begin();
        activity.begin();
        assert_eq!(deadline(), 62);
        tokio::time::advance(seconds(100)).await;
        activity.end();
        assert_eq!(deadline(), 162, "the other is in progress");
        tokio::time::advance(seconds(10)).await;
        activity.end();
        tokio::time::advance(seconds(50)).await;
        assert_eq!(deadline(), 172);

        let closing = IdleTimeouts { since: Instant::now(), first: seconds(1), idle: seconds(1) };
        assert_eq!((activity.deadline(closing, Instant::now()) - start).as_secs(), 163);
    }
}
