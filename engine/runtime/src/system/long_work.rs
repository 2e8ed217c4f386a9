use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Work on so many bytes takes a millisecond and more.
const LONG_BYTES: usize = 256 << 10;

/// Runs work on so many bytes. Where that takes long, the requests that this thread would read
/// meanwhile are left to another.
pub(crate) fn on_bytes<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let can_leave = || {
        Handle::try_current()
            .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
    };
    if bytes >= LONG_BYTES && can_leave() { block_in_place(work) } else { work() }
}
