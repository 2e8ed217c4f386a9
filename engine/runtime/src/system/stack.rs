use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Work for another thread.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Enough for input nested [`policy_api::MAX_NESTING`] levels deep, whatever the build and however
/// large a policy's own types are.
pub(crate) const BYTES: usize = 64 << 20;

/// Runs on a thread whose stack is of a known size: the main thread's is what the system's limits
/// happen to be. Only what is used of it takes memory. Meanwhile this thread does what it is sent.
pub(crate) fn ample<T: Send>(run: impl FnOnce(Sender<Job>) -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let (sender, jobs) = channel::<Job>();
        let thread =
            thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, move || run(sender))?;
        while let Ok(job) = jobs.recv() {
            job();
        }
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
