use std::io;
use std::panic::resume_unwind;
use std::thread;

/// Enough for input nested [`policy_api::MAX_NESTING`] levels deep, whatever the build and however
/// large a policy's own types are.
pub(crate) const BYTES: usize = 64 << 20;

/// Runs on a thread whose stack is of a known size: the main thread's is what the system's limits
/// happen to be. Only what is used of it takes memory.
pub(crate) fn ample<T: Send>(run: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, run)?;
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
