use std::fmt;
use std::sync::Arc;

use crate::system::stack::Job;

/// The threads that started before it was known what they are to keep: each runs what is given to it.
#[derive(Clone)]
pub(crate) struct EarlierThreads {
    known: Vec<Arc<dyn Fn(Job) + Send + Sync>>,
    /// Whether there was one thread where the program began.
    are_all_known: bool,
    /// Waits until the log is written.
    write_log: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl EarlierThreads {
    /// Looks whether this is the only thread: where the program begins, it is, unless code ran before.
    pub(crate) fn at_the_beginning() -> Self {
        // Where nobody can look, there is nothing to say against it.
        let are_all_known = policy_confinement::threads().map_or(true, |threads| threads == 1);
        Self { known: Vec::new(), are_all_known, write_log: None }
    }

    pub(super) fn are_all_known(&self) -> bool {
        self.are_all_known
    }

    /// Sets how to wait for the log, where a thread writes it.
    pub(crate) fn set_write_log(&mut self, write_log: impl Fn() + Send + Sync + 'static) {
        self.write_log = Some(Arc::new(write_log));
    }

    /// Waits until the log is written, in what the result of this is called.
    pub(super) fn write_log(&self) -> impl Fn() + Send + Sync + 'static {
        let write_log = self.write_log.clone();
        move || {
            if let Some(write_log) = &write_log {
                write_log();
            }
        }
    }

    /// Adds a thread, by the way to give it work.
    pub(crate) fn push(&mut self, give: impl Fn(Job) + Send + Sync + 'static) {
        self.known.push(Arc::new(give));
    }

    /// Has each of them run this.
    pub(crate) fn each(&self, job: &Arc<dyn Fn() + Send + Sync>) {
        for give in &self.known {
            let job = Arc::clone(job);
            give(Box::new(move || job()));
        }
    }
}

impl fmt::Debug for EarlierThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EarlierThreads").field(&self.known.len()).finish()
    }
}
