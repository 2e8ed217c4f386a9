use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The time that a shadow is asked nothing after its queue was full.
const LENGTH: Duration = Duration::from_secs(5);

/// A pause of a shadow that does not keep up. Without one, a machine that has no processor to spare
/// would copy questions all the time, most of them in vain.
pub(super) struct Pause {
    start: Instant,
    /// Its end, in milliseconds after the start; 0 where there was none.
    end: AtomicU64,
}

impl Pause {
    pub(super) fn none() -> Self {
        Self { start: Instant::now(), end: AtomicU64::new(0) }
    }

    /// Begins a pause.
    pub(super) fn begin(&self, now: Instant) {
        self.end.store(self.milliseconds(now + LENGTH), Ordering::Relaxed);
    }

    pub(super) fn is_on(&self, now: Instant) -> bool {
        let end = self.end.load(Ordering::Relaxed);
        end > 0 && self.milliseconds(now) < end
    }

    fn milliseconds(&self, at: Instant) -> u64 {
        let passed = at.saturating_duration_since(self.start).as_millis();
        u64::try_from(passed).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_ends_by_itself() {
        let (pause, now) = (Pause::none(), Instant::now());
        assert!(!pause.is_on(now));
        pause.begin(now);
        assert!(pause.is_on(now) && pause.is_on(now + LENGTH / 2));
        assert!(!pause.is_on(now + LENGTH));
    }
}
