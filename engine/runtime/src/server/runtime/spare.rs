use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::runtime::Handle;

/// A worker that stands by: a task that blocks its thread until it is called, or this is dropped.
/// From then on it works as all others do.
///
/// It is not sent back. A worker that blocks while its runtime is in use keeps tasks from being run:
/// nobody is woken to steal those in its queue, and nobody can take those that have yielded to it.
#[derive(Debug)]
pub(super) struct SpareWorker(#[expect(dead_code, reason = "its drop is the call")] Sender<()>);

impl SpareWorker {
    /// Has one worker of a runtime stand by, on which nothing else may have been spawned yet.
    pub(super) fn new(runtime: &Handle) -> Self {
        let (spare, calls) = channel();
        let (begins, begun) = channel();
        drop(runtime.spawn(async move { stand_by(&begins, &calls) }));
        // It fails only where the runtime has ended.
        let _ = begun.recv();
        Self(spare)
    }
}

fn stand_by(begins: &Sender<()>, calls: &Receiver<()>) {
    let _ = begins.send(());
    let _ = calls.recv();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn spare_worker_works_once_it_is_called() {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let runs = |within| {
            let (done, is_done) = channel();
            runtime.spawn(async move { done.send(()) });
            is_done.recv_timeout(within).is_ok()
        };
        let (long, moment) = (Duration::from_secs(30), Duration::from_millis(300));
        let spare = SpareWorker::new(runtime.handle());
        assert!(runs(long), "the other one works");
        let (held, holds) = channel::<()>();
        let (begins, begun) = channel();
        runtime.spawn(async move { stand_by(&begins, &holds) });
        begun.recv_timeout(long).unwrap();
        assert!(!runs(moment), "it stands by");
        drop(spare);
        assert!(runs(long));
        drop(held);
    }
}
