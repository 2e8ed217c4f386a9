//! A list that only grows and that nobody has to lock: the supervisor reads it while threads that add
//! to it may be waiting for the supervisor.

use std::iter::successors;
use std::sync::OnceLock;

/// A value, and those that were added after it.
#[derive(Debug)]
pub(crate) struct Chain<T> {
    value: T,
    next: OnceLock<Box<Self>>,
}

impl<T> Chain<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { value, next: OnceLock::new() }
    }

    /// The values, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        successors(Some(self), |link| link.next.get().map(Box::as_ref)).map(|link| &link.value)
    }

    /// The first value that is taken, with its place, or a new one at the end.
    pub(crate) fn find_or_add(&self, take: impl Fn(&T) -> bool, new: impl Fn() -> T) -> (u32, &T) {
        let mut link = self;
        let mut place = 0;
        let mut is_new = false;
        loop {
            if is_new || take(&link.value) {
                return (place, &link.value);
            }
            link = link.next.get_or_init(|| {
                is_new = true;
                Box::new(Self::new(new()))
            });
            place = place.saturating_add(1);
        }
    }
}
