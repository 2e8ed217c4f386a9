//! Whether a connection is of use to anybody.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a connection is doing. It is told with each request, and asked when a timer runs out: no
/// timer is set again for each request.
#[derive(Debug)]
pub(super) struct Activity {
    /// When the client came.
    start: Instant,
    /// Requests that are being answered.
    in_progress: AtomicUsize,
    /// When the last answer was made, in milliseconds after the start; one more, as 0 is for none.
    last_answer: AtomicU64,
}

/// How long a connection may do nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Nothing from before then counts.
    pub(super) since: Instant,
    /// Until the first request.
    pub(super) first: Duration,
    /// After an answer.
    pub(super) idle: Duration,
}

impl Activity {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, in_progress: AtomicUsize::new(0), last_answer: AtomicU64::new(0) }
    }

    /// A request has come.
    pub(super) fn begin(&self) {
        self.in_progress.fetch_add(1, Ordering::Relaxed);
    }

    /// Its answer is made, or nobody wants it any more.
    pub(super) fn end(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.last_answer.store(now + 1, Ordering::Relaxed);
        self.in_progress.fetch_sub(1, Ordering::Release);
    }

    /// When the connection's time is up, as things are. It is not up while a request is in
    /// progress: then this is the time to ask again, which is never later than it can be up.
    pub(super) fn deadline(&self, patience: Patience, now: Instant) -> Instant {
        if self.in_progress.load(Ordering::Acquire) > 0 {
            return now + patience.idle;
        }
        match self.last_answer.load(Ordering::Relaxed) {
            0 => patience.since + patience.first,
            after => {
                let answered = self.start + Duration::from_millis(after);
                answered.max(patience.since) + patience.idle
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_is_up_some_time_after_the_last_answer() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let patience = Patience { since: start, first: seconds(5), idle: seconds(60) };
        let activity = Activity::new(start);
        let deadline = || (activity.deadline(patience, Instant::now()) - start).as_secs();
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

        let closing = Patience { since: Instant::now(), first: seconds(1), idle: seconds(1) };
        assert_eq!((activity.deadline(closing, Instant::now()) - start).as_secs(), 163);
    }
}
