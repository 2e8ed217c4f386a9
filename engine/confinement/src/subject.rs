//! On whose behalf a thread runs.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use serde::{Serialize, Serializer};

use crate::call::Call;
use crate::chain::Chain;

/// Whoever code runs for, such as a policy. Names are kept for as long as the process runs, each once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject(u32);

/// The subjects' names, by their numbers. Number 0 is nobody's.
static NAMES: Chain<&str> = Chain::new("");

impl Subject {
    /// The subject of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut names = NAMES.iter().skip(1).zip(1..);
        if let Some((_, number)) = names.find(|(known, _)| **known == name) {
            return Self(number);
        }
        let kept: &'static str = Box::leak(name.into());
        let is_it = |known: &&str| !known.is_empty() && *known == name;
        Self(NAMES.find_or_add(is_it, || kept).0)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let place = usize::try_from(self.0).unwrap_or(usize::MAX);
        NAMES.iter().nth(place).copied().unwrap_or_default()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subject").field(&self.name()).finish()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a thread is doing, and what was refused of it. The thread and the supervisor write it in
/// turns: a thread whose call is judged waits.
#[derive(Debug)]
struct Slot {
    /// The thread's id, or 0.
    thread: AtomicU32,
    /// The subject's number, or 0.
    subject: AtomicU32,
    /// The first call that was refused, plus one, above the number of those that were.
    refused: AtomicU64,
}

impl Slot {
    const fn new(thread: u32) -> Self {
        Self {
            thread: AtomicU32::new(thread),
            subject: AtomicU32::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// A slot for a thread: one that another thread left, perhaps of the same id, or a new one.
    fn claim(thread: u32) -> &'static Self {
        let relaxed = Ordering::Relaxed;
        if let Some(slot) = Self::find(thread) {
            slot.subject.store(0, relaxed);
            slot.refused.store(0, relaxed);
            return slot;
        }
        let take = |slot: &Self| {
            slot.thread.compare_exchange(0, thread, Ordering::Acquire, relaxed).is_ok()
        };
        SLOTS.find_or_add(take, || Self::new(thread)).1
    }

    /// The slot of a thread.
    fn find(thread: u32) -> Option<&'static Self> {
        SLOTS.iter().find(|slot| slot.thread.load(Ordering::Acquire) == thread)
    }
}

static SLOTS: Chain<Slot> = Chain::new(Slot::new(0));

/// A thread's slot, for as long as it lives.
struct Registered(&'static Slot);

thread_local! {
    static SLOT: Registered =
        Registered(Slot::claim(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs()));
}

impl Drop for Registered {
    fn drop(&mut self) {
        // Whoever calls `exit` gets here, too, and the call that then ends the process is still its.
        if self.0.subject.load(Ordering::Relaxed) != 0 {
            return;
        }
        self.0.refused.store(0, Ordering::Relaxed);
        self.0.thread.store(0, Ordering::Release);
    }
}

/// Marks this thread as running code of a subject, until the guard is finished or dropped.
///
/// This costs some nanoseconds: two words of this thread are written. A guard within another holds
/// until it ends; then the outer one's subject does again.
#[must_use = "the mark is taken off where the guard is dropped"]
pub fn enter(subject: Subject) -> Entered {
    let before = SLOT
        .try_with(|registered| {
            let slot = registered.0;
            let subject_before = slot.subject.load(Ordering::Relaxed);
            let refused_before = slot.refused.load(Ordering::Relaxed);
            slot.subject.store(subject.0, Ordering::Relaxed);
            slot.refused.store(0, Ordering::Relaxed);
            (subject_before, refused_before)
        })
        .unwrap_or_default();
    Entered { before: Cell::new(Some(before)), not_send: PhantomData }
}

/// A thread's mark, from [`enter`].
#[derive(Debug)]
pub struct Entered {
    /// What the slot held before, until it is put back.
    before: Cell<Option<(u32, u64)>>,
    /// The mark is this thread's.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    /// Takes the mark off. Tells which calls of this thread were refused meanwhile.
    #[must_use]
    pub fn finish(self) -> Refused {
        self.restore()
    }

    fn restore(&self) -> Refused {
        let Some((subject, refused_before)) = self.before.take() else { return Refused::default() };
        let refused = SLOT
            .try_with(|registered| {
                let slot = registered.0;
                let refused = slot.refused.load(Ordering::Relaxed);
                slot.subject.store(subject, Ordering::Relaxed);
                slot.refused.store(refused_before, Ordering::Relaxed);
                refused
            })
            .unwrap_or_default();
        Refused(refused)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.restore();
    }
}

/// The calls that were refused while a subject's code ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refused(u64);

impl Refused {
    /// Their number.
    #[must_use]
    pub fn count(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    }

    /// The first of them.
    #[must_use]
    pub fn first(self) -> Option<Call> {
        let number = (self.0 >> u32::BITS).checked_sub(1)?;
        i64::try_from(number).ok().map(Call::new)
    }

    /// One more call.
    fn and(self, call: Call) -> Self {
        let number = u64::try_from(call.number()).unwrap_or(0);
        let first =
            if self.0 == 0 { (number + 1) << u32::BITS } else { self.0 & !u64::from(u32::MAX) };
        Self(first | u64::from(self.count().saturating_add(1)))
    }
}

/// What is known of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It never entered a subject: it was started by one, or has not come to that yet.
    Nothing,
    /// It runs code of no subject now.
    NoSubject,
    Runs(Subject),
}

/// Looks up a thread by its id.
pub(crate) fn running(thread: u32) -> Known {
    match Slot::find(thread).map(|slot| slot.subject.load(Ordering::Relaxed)) {
        None => Known::Nothing,
        Some(0) => Known::NoSubject,
        Some(number) => Known::Runs(Subject(number)),
    }
}

/// Notes that a call of a thread was refused, for the guard that it is in.
pub(crate) fn note_refused(thread: u32, call: Call) {
    if let Some(slot) = Slot::find(thread) {
        let refused = Refused(slot.refused.load(Ordering::Relaxed)).and(call);
        slot.refused.store(refused.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn this_thread() -> u32 {
        SLOT.with(|registered| registered.0.thread.load(Ordering::Relaxed))
    }

    #[test]
    fn name_is_kept_once() {
        let first = Subject::new("kept");
        assert_ne!(first, Subject::new("another"));
        assert_eq!(first, Subject::new("kept"));
        assert_eq!(first.name(), "kept");
    }

    #[test]
    fn inner_guard_gives_way_to_the_outer() {
        let (outer, inner) = (Subject::new("outer"), Subject::new("inner"));
        let thread = this_thread();
        assert_eq!(running(thread), Known::NoSubject);
        let first = enter(outer);
        note_refused(thread, Call::new(libc::SYS_openat));
        let second = enter(inner);
        assert_eq!(running(thread), Known::Runs(inner));
        assert_eq!(second.finish(), Refused::default());
        assert_eq!(running(thread), Known::Runs(outer));
        note_refused(thread, Call::new(libc::SYS_connect));
        let refused = first.finish();
        assert_eq!((refused.count(), refused.first()), (2, Some(Call::new(libc::SYS_openat))));
        assert_eq!(running(thread), Known::NoSubject);
    }

    #[test]
    fn first_call_of_number_zero_is_told() {
        let refused = Refused::default().and(Call::new(0));
        assert_eq!((refused.count(), refused.first()), (1, Some(Call::new(0))));
        assert_eq!(Refused::default().first(), None);
    }

    #[test]
    fn panic_takes_the_mark_off() {
        let thread = this_thread();
        let panicked = std::panic::catch_unwind(|| {
            let _entered = enter(Subject::new("panicking"));
            panic!("as it does");
        });
        assert!(panicked.is_err());
        assert_eq!(running(thread), Known::NoSubject);
    }

    #[test]
    fn thread_that_ended_is_forgotten() {
        let thread = thread::spawn(|| {
            drop(enter(Subject::new("short")));
            this_thread()
        });
        let thread = thread.join().unwrap();
        assert_eq!(running(thread), Known::Nothing);
    }
}
