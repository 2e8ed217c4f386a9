//! Hyper wakes a connection's own task whenever a request's body is taken from it, also where that
//! was all of it. A task that wakes itself while it runs goes to the end of its thread's queue, and
//! another thread is woken to take it from there: with few clients, that took longer than to decide.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Nobody polls, and nobody has woken.
const ASLEEP: u8 = 0;
const POLLED: u8 = 1;
const WOKEN: u8 = 2;

/// Polls a future again at once where it was woken while it was polled: once, so that one which
/// wants to give its thread up still does.
#[derive(Default)]
pub(super) struct Wakes(Option<(Arc<Bell>, Waker)>);

/// Wakes the task of the future, but not from within.
struct Bell {
    state: AtomicU8,
    task: Waker,
}

impl Wakes {
    pub(super) fn poll<F: Future>(
        &mut self,
        mut future: Pin<&mut F>,
        task: &Context<'_>,
    ) -> Poll<F::Output> {
        let (bell, waker) = match &mut self.0 {
            Some(bell) if bell.0.task.will_wake(task.waker()) => bell,
            bell => bell.insert(Bell::of(task.waker())),
        };
        let mut context = Context::from_waker(waker);
        bell.state.swap(POLLED, Ordering::AcqRel);
        let mut result = future.as_mut().poll(&mut context);
        if result.is_pending() && bell.state.swap(POLLED, Ordering::AcqRel) == WOKEN {
            result = future.poll(&mut context);
        }
        if result.is_pending() && bell.state.swap(ASLEEP, Ordering::AcqRel) == WOKEN {
            bell.task.wake_by_ref();
        }
        result
    }
}

impl Bell {
    fn of(task: &Waker) -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self { state: AtomicU8::new(ASLEEP), task: task.clone() });
        (Arc::clone(&bell), bell.into())
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == ASLEEP {
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
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often a future is polled, and its task woken, by one poll; it wakes itself `times`, and
    /// its waker is used once more afterwards.
    fn polls_and_wakes(times: usize) -> (usize, usize, usize) {
        let task = Arc::new(Task::default());
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
        assert!(Wakes::default().poll(future.as_mut(), &Context::from_waker(&waker)).is_pending());
        let within = task.0.load(Ordering::Relaxed);
        last.unwrap().wake();
        (polls, within, task.0.load(Ordering::Relaxed))
    }

    #[test]
    fn only_who_wakes_itself_again_and_again_gives_its_thread_up() {
        assert_eq!(polls_and_wakes(0), (1, 0, 1));
        assert_eq!(polls_and_wakes(1), (2, 0, 1));
        assert_eq!(polls_and_wakes(9), (2, 1, 2));
    }
}
