use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Work for another thread.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Enough for input nested [`policy_api::MAX_NESTING`] levels deep, whatever the build and however
/// large a policy's own types are.
pub(crate) const BYTES: usize = 64 << 20;

/// The way to send a thread work.
#[derive(Debug, Clone)]
pub(crate) struct JobSender(Sender<Option<Job>>);

impl JobSender {
    /// Sends it this, if it is still there.
    pub(crate) fn send(&self, job: Job) {
        drop(self.0.send(Some(job)));
    }
}

/// Ends the work of a thread when it is dropped, whoever else could still send some.
struct EndOfJobs(Sender<Option<Job>>);

impl Drop for EndOfJobs {
    fn drop(&mut self) {
        drop(self.0.send(None));
    }
}

/// Runs on a thread whose stack is of a known size: the main thread's is what the system's limits
/// happen to be. Only what is used of it takes memory. Meanwhile this thread does what it is sent.
pub(crate) fn ample<T: Send>(run: impl FnOnce(JobSender) -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let (sender, jobs) = channel();
        let end = EndOfJobs(sender.clone());
        let run = move || {
            let _end = end;
            run(JobSender(sender))
        };
        let thread = thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, run)?;
        while let Ok(Some(job)) = jobs.recv() {
            job();
        }
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
