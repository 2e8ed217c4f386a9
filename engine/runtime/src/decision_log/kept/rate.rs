use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Lets a number of events a second through, and counts the others.
#[derive(Debug)]
pub(super) struct Rate {
    max_per_second: u32,
    /// The second in the upper half, and the events that were let through in it in the lower.
    window: AtomicU64,
    passed_over: AtomicU64,
}

impl Rate {
    pub(super) fn new(max_per_second: u32) -> Self {
        Self { max_per_second, window: AtomicU64::new(0), passed_over: AtomicU64::new(0) }
    }

    /// Tells whether an event at this time is let through. One that is not costs no more than being
    /// counted.
    pub(super) fn admits(&self, time: Duration) -> bool {
        let second = time.as_secs().min(u64::from(u32::MAX)) << 32;
        let next = |window: u64| {
            // Requests that began earlier count in the second that has begun meanwhile.
            if second > window {
                return Some(second + 1);
            }
            let taken = window & u64::from(u32::MAX);
            (taken < u64::from(self.max_per_second)).then_some(window + 1)
        };
        let admits = self.window.try_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok();
        if !admits {
            self.pass_over();
        }
        admits
    }

    /// Counts an event that is not kept.
    pub(super) fn pass_over(&self) {
        self.passed_over.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of events that were not let through.
    pub(super) fn passed_over(&self) -> u64 {
        self.passed_over.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_are_let_through_and_others_are_counted() {
        let rate = Rate::new(2);
        let at = |milliseconds| rate.admits(Duration::from_millis(milliseconds));
        let admitted = [0, 1, 999, 1000, 1001, 2, 1002, 3000, 3000, 3001].map(at);
        let (yes, no) = (true, false);
        assert_eq!(admitted, [yes, yes, no, yes, yes, no, no, yes, yes, no]);
        assert_eq!(rate.passed_over(), 4);
    }
}
