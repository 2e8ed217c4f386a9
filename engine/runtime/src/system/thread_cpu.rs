use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time that this thread had of a processor. Where a kernel has to be asked, that takes 170 ns.
pub(crate) fn thread_cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
