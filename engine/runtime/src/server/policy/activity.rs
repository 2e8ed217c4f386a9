use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, Thread};

use tokio::sync::Notify;

/// Nothing has been asked for a while: those who look after evaluations sleep.
const ASLEEP: u8 = 0;
/// Nothing has been asked since the last look.
const QUIET: u8 = 1;
/// Something has been asked since the last look.
const BUSY: u8 = 2;

/// Whether policies are asked at all. Those who look after evaluations at intervals sleep while none
/// are, so that a server at rest uses no processor.
#[derive(Debug)]
pub(crate) struct Activity {
    state: AtomicU8,
    /// The thread that looks at it at intervals.
    observer: OnceLock<Thread>,
    woken: Notify,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self { state: AtomicU8::new(QUIET), observer: OnceLock::new(), woken: Notify::new() }
    }

    /// Notes that a policy is asked. Wakes those who sleep; otherwise it costs a read.
    pub(super) fn begin(&self) {
        if self.state.load(Ordering::Relaxed) != BUSY
            && self.state.swap(BUSY, Ordering::AcqRel) == ASLEEP
        {
            self.wake();
        }
    }

    /// Makes this thread the one that looks at it at intervals.
    pub(crate) fn observe(&self) {
        let _ = self.observer.set(thread::current());
    }

    /// Tells whether anything was asked since the last look.
    pub(crate) fn take(&self) -> bool {
        let taken = self.state.compare_exchange(BUSY, QUIET, Ordering::AcqRel, Ordering::Acquire);
        taken.is_ok()
    }

    /// Begins to sleep, unless something was asked since the last look.
    pub(crate) fn sleep(&self) -> bool {
        let slept = self.state.compare_exchange(QUIET, ASLEEP, Ordering::AcqRel, Ordering::Acquire);
        matches!(slept, Ok(_) | Err(ASLEEP))
    }

    /// Waits while it is asleep.
    pub(crate) async fn awake(&self) {
        while self.state.load(Ordering::Acquire) == ASLEEP {
            self.woken.notified().await;
        }
    }

    pub(super) fn wake(&self) {
        if let Some(observer) = self.observer.get() {
            observer.unpark();
        }
        self.woken.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_only_when_nothing_was_asked_since_the_last_look() {
        let activity = Activity::new();
        activity.begin();
        assert!(!activity.sleep() && activity.take());
        activity.begin();
        assert!(activity.take() && !activity.take());
        assert!(activity.sleep());
        assert!(activity.sleep(), "it has not been woken");
    }

    #[tokio::test]
    async fn question_wakes_who_sleeps() {
        let activity = std::sync::Arc::new(Activity::new());
        activity.awake().await;
        assert!(activity.sleep());
        let observer = {
            let activity = std::sync::Arc::clone(&activity);
            let (ready, is_ready) = std::sync::mpsc::channel();
            let observer = thread::spawn(move || {
                activity.observe();
                ready.send(()).unwrap();
                while !activity.take() {
                    thread::park();
                }
            });
            is_ready.recv().unwrap();
            observer
        };
        let asker = std::sync::Arc::clone(&activity);
        tokio::join!(activity.awake(), async move { asker.begin() });
        observer.join().unwrap();
    }
}
