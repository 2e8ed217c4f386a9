use std::thread;
use std::time::{Duration, Instant};

/// After which nothing is waited for any more: far above what anything takes, also on a machine
/// that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
