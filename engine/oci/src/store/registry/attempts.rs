use std::thread;
use std::time::Duration;

/// The number of attempts at what may succeed later, and the pauses in between, each twice as long
/// as the one before.
#[derive(Debug, Clone)]
pub(super) struct RetrySchedule {
    left: u32,
    pause: Duration,
}

/// However long a registry asks to be left alone.
const MAX_PAUSE: Duration = Duration::from_mins(1);

impl RetrySchedule {
    /// Five attempts, within some eight seconds unless the registry asks for more.
    pub(super) const DEFAULT: Self = Self { left: 5, pause: Duration::from_millis(500) };

    /// Takes the attempt that has come to nothing off, and gives how long to wait for the next,
    /// when there is one.
    pub(super) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.left = self.left.checked_sub(1).filter(|left| *left > 0)?;
        let pause = self.pause.max(retry_after.unwrap_or_default()).min(MAX_PAUSE);
        self.pause = self.pause.saturating_mul(2);
        Some(pause)
    }

    pub(super) fn wait(pause: Duration) {
        thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_bounded_and_their_pauses_grow() {
        let mut attempts = RetrySchedule::DEFAULT;
        let pauses: Vec<_> = std::iter::from_fn(|| attempts.next(None)).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000].map(Duration::from_millis));
    }

    #[test]
    fn retry_after_is_followed_up_to_a_minute() {
        let mut attempts = RetrySchedule::DEFAULT;
        assert_eq!(attempts.next(Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(attempts.next(Some(Duration::from_hours(2))), Some(MAX_PAUSE));
    }
}
