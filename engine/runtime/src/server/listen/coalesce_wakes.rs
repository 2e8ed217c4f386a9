//! A work-around for wake-ups of a task by itself.
//!
//! Hyper wakes a connection's own task whenever a request's body is taken from it, even where that is
//! the whole body. A task that wakes itself while it runs goes to the end of its thread's queue, and
//! another thread is woken to steal it. With few clients, that took longer than a decision: see the
//! `http` group of `cargo benchmarks`.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// The task is neither polled nor woken.
const IDLE: u8 = 0;
const POLLED: u8 = 1;
const WOKEN: u8 = 2;

/// Polls a future again at once if it was woken while it was polled. It does so only once, so that a
/// future that wants to yield its thread still does.
#[derive(Default)]
pub(super) struct CoalescedWakes(Option<(Arc<CoalescingWaker>, Waker)>);

/// A waker of the future's task that does nothing while the task is polled.
struct CoalescingWaker {
    state: AtomicU8,
    task: Waker,
}

impl CoalescedWakes {
    pub(super) fn poll<F: Future>(
        &mut self,
        mut future: Pin<&mut F>,
        task: &Context<'_>,
    ) -> Poll<F::Output> {
        let (inner, waker) = match &mut self.0 {
            Some(inner) if inner.0.task.will_wake(task.waker()) => inner,
            inner => inner.insert(CoalescingWaker::new(task.waker())),
        };
        let mut context = Context::from_waker(waker);
        inner.state.swap(POLLED, Ordering::AcqRel);
        let mut result = future.as_mut().poll(&mut context);
        if result.is_pending() && inner.state.swap(POLLED, Ordering::AcqRel) == WOKEN {
            result = future.poll(&mut context);
        }
        if result.is_pending() && inner.state.swap(IDLE, Ordering::AcqRel) == WOKEN {
            inner.task.wake_by_ref();
        }
        result
    }
}

impl CoalescingWaker {
    fn new(task: &Waker) -> (Arc<Self>, Waker) {
        let inner = Arc::new(Self { state: AtomicU8::new(IDLE), task: task.clone() });
        (Arc::clone(&inner), inner.into())
    }
}

impl Wake for CoalescingWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == IDLE {
            self.task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    /// Counts how often its task is woken.
    #[derive(Default)]
    struct CountingTask(AtomicUsize);

    impl Wake for CountingTask {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts the polls of a future, and the wake-ups of its task, during one poll and after one more
    /// wake-up. The future wakes itself `times` times.
    fn polls_and_wakes(times: usize) -> (usize, usize, usize) {
        let task = Arc::new(CountingTask::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut polls = 0;
        let mut last = None;
        let mut future = pin!(std::future::poll_fn(|context| {
            polls += 1;
            if polls <= times {
                context.waker().wake_by_ref();
            }
            last = Some(context.waker().clone());
            Poll::<()>::Pending
        }));
        assert!(
            CoalescedWakes::default()
                .poll(future.as_mut(), &Context::from_waker(&waker))
                .is_pending()
        );
        let within = task.0.load(Ordering::Relaxed);
        last.unwrap().wake();
        (polls, within, task.0.load(Ordering::Relaxed))
    }

    #[test]
    fn future_that_wakes_itself_twice_yields_its_thread() {
        assert_eq!(polls_and_wakes(0), (1, 0, 1));
        assert_eq!(polls_and_wakes(1), (2, 0, 1));
        assert_eq!(polls_and_wakes(9), (2, 1, 2));
    }
}
