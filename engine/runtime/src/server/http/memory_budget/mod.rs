//! The memory of all requests together, as `limits.bodies` bounds it.
//!
//! Whatever a client can make grow is reserved here before it is allocated: bodies, what is decoded
//! of them, answers, and the buffers of connections. There is one budget for the server's whole
//! life, so that a reload does not begin a second one beside what the first still holds.

mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use hyper::body::Bytes;

use self::process::{ProcessBound, resident_bytes};

/// How many bytes may be reserved at one time, and how many are.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: AtomicUsize,
    used: AtomicUsize,
    process: Option<ProcessBound>,
}

/// Bytes of the budget, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
    /// What the same request held elsewhere when this was made.
    beside: usize,
}

/// Text that grows within a reservation.
#[derive(Debug)]
pub(crate) struct Buffer {
    text: Vec<u8>,
    reservation: Reservation,
}

/// The error of a reservation that cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exhausted {
    /// More than the whole budget is needed.
    #[error(
        "more memory is needed than the {limit} bytes that all requests share (`limits.bodies`)"
    )]
    Limit { limit: usize },
    /// Other requests use the budget now.
    #[error("the memory limit for request bodies (`limits.bodies`) is exhausted; retry later")]
    InUse,
}

impl Exhausted {
    /// The status of the response.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Limit { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InUse => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code in decision logs and in the errors of OPA's API.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Limit { .. } => "invalid_parameter",
            Self::InUse => "overloaded",
        }
    }
}

/// Text, and the reservation that it is held by.
struct Reserved {
    text: Bytes,
    _reservation: Reservation,
}

impl MemoryBudget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Self::with_process(limit, None)
    }

    /// The same, where the process does not outgrow the limit either: what an allocator keeps of
    /// memory that is free again counts as well.
    pub(crate) fn of_process(limit: usize) -> Arc<Self> {
        Self::with_process(limit, ProcessBound::new(resident_bytes))
    }

    fn with_process(limit: usize, process: Option<ProcessBound>) -> Arc<Self> {
        Arc::new(Self { limit: AtomicUsize::new(limit), used: AtomicUsize::new(0), process })
    }

    /// Sets another limit. What is reserved stays so, also where it is more than that.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// How many bytes are reserved.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Reservation {
    /// Of nothing yet.
    pub(crate) fn empty(budget: &Arc<MemoryBudget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0, beside: 0 }
    }

    /// Of nothing yet, for a request that holds so many bytes elsewhere: whether there could ever be
    /// enough for it is told by both together.
    pub(crate) fn beside(budget: &Arc<MemoryBudget>, bytes: usize) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0, beside: bytes }
    }

    /// How many bytes it is of.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reserves so many bytes more.
    ///
    /// # Errors
    /// When the budget has not so many left; the reservation is then as it was.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.grow_to(bytes, self.budget.limit.load(Ordering::Relaxed))
    }

    /// The same where a quarter of the budget is left for what is not reserved so.
    ///
    /// # Errors
    /// As those of [`Self::grow`].
    pub(crate) fn grow_leaving_a_quarter(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let limit = self.budget.limit.load(Ordering::Relaxed);
        self.grow_to(bytes, limit - limit / 4)
    }

    fn grow_to(&mut self, bytes: usize, limit: usize) -> Result<(), Exhausted> {
        let reserve = |used: usize| used.checked_add(bytes).filter(|used| *used <= limit);
        match self.budget.used.try_update(Ordering::Relaxed, Ordering::Relaxed, reserve) {
            Ok(used) => {
                self.bytes += bytes;
                match &self.budget.process {
                    // An eighth is there in any case: policies may have come to hold more by
                    // themselves, or the allocator what it finds no use for.
                    Some(process) if used > limit / 8 && !process.has_room(bytes, limit) => {
                        self.shrink(bytes);
                        Err(Exhausted::InUse)
                    }
                    _ => Ok(()),
                }
            }
            Err(_) if self.beside.saturating_add(self.bytes).saturating_add(bytes) > limit => {
                Err(Exhausted::Limit { limit })
            }
            Err(_) => Err(Exhausted::InUse),
        }
    }

    /// Becomes one of so many bytes.
    ///
    /// # Errors
    /// When it is to grow, and the budget has not so many left; the reservation is then as it was.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.shrink(self.bytes.saturating_sub(bytes));
        self.grow(bytes.saturating_sub(self.bytes))
    }

    /// All of it as another one, which leaves this one with nothing.
    pub(crate) fn split(&mut self) -> Self {
        let bytes = std::mem::take(&mut self.bytes);
        Self { budget: Arc::clone(&self.budget), bytes, beside: self.beside }
    }

    /// Gives so many bytes back, all of them at the most.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The text with the reservation, which is given back when nothing of the text is there any
    /// more.
    pub(crate) fn attach(self, text: Bytes) -> Bytes {
        if self.bytes == 0 {
            return text;
        }
        Bytes::from_owner(Reserved { text, _reservation: self })
    }
}

impl Buffer {
    /// Of nothing yet. Memory that is announced is reserved as it is written to: before, the system
    /// has not given it.
    pub(crate) fn new(reservation: Reservation, announced: usize) -> Self {
        Self { text: Vec::with_capacity(announced), reservation }
    }

    /// Appends some text.
    ///
    /// # Errors
    /// When there is no memory for it; nothing is appended then.
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<(), Exhausted> {
        let length = self.text.len() + text.len();
        if length > self.text.capacity() {
            // While the text is moved, it is there twice.
            let before = self.reservation.bytes();
            let capacity = length.max(2 * self.text.capacity());
            self.reservation.grow(capacity)?;
            self.text.reserve_exact(capacity - self.text.len());
            self.reservation.shrink(before);
        } else if length > self.reservation.bytes() {
            self.reservation.grow(length - self.reservation.bytes())?;
        }
        self.text.extend_from_slice(text);
        Ok(())
    }

    /// Of nothing yet, for the same request.
    pub(crate) fn beside(&self) -> Reservation {
        let Reservation { budget, bytes, beside } = &self.reservation;
        Reservation::beside(budget, bytes + beside)
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn into_parts(self) -> (Vec<u8>, Reservation) {
        (self.text, self.reservation)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

impl AsRef<[u8]> for Reserved {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_reserved_while_something_of_them_is_there() {
        let budget = MemoryBudget::new(100);
        let mut body = Reservation::empty(&budget);
        body.grow(60).unwrap();
        let text = body.attach(Bytes::from(vec![b' '; 60]));
        let copy = text.slice(1..);
        drop(text);
        assert_eq!(budget.used(), 60, "a part of it is still there");
        drop(copy);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_never_fits_is_told_from_what_others_are_in_the_way_of() {
        let budget = MemoryBudget::new(100);
        let mut first = Reservation::empty(&budget);
        first.grow(60).unwrap();
        let mut second = Reservation::empty(&budget);
        assert_eq!(second.grow(41), Err(Exhausted::InUse));
        assert_eq!(second.grow(101), Err(Exhausted::Limit { limit: 100 }));
        assert_eq!(second.grow(usize::MAX), Err(Exhausted::Limit { limit: 100 }));
        assert_eq!((second.bytes(), budget.used()), (0, 60));
        let mut of_the_first = Reservation::beside(&budget, first.bytes());
        assert_eq!(of_the_first.grow(41), Err(Exhausted::Limit { limit: 100 }));
        of_the_first.grow(40).unwrap();
        first.resize(10).unwrap();
        assert_eq!((first.bytes(), budget.used()), (10, 50));
        first.resize(20).unwrap();
        let again = first.split();
        assert_eq!((first.bytes(), again.bytes(), budget.used()), (0, 20, 60));
        drop((again, of_the_first));
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_text_that_grows_is_reserved_twice_while_it_is_moved() {
        let budget = MemoryBudget::new(100);
        let mut announced = Buffer::new(Reservation::empty(&budget), 60);
        announced.push(&[b' '; 10]).unwrap();
        assert_eq!(budget.used(), 10);
        announced.push(&[b' '; 50]).unwrap();
        assert_eq!(
            (announced.push(b"a"), budget.used()),
            (Err(Exhausted::Limit { limit: 100 }), 60)
        );
        drop(announced);
        let mut grown = Buffer::new(Reservation::empty(&budget), 0);
        for length in 1..=32 {
            grown.push(b"a").unwrap();
            assert!((length..2 * length).contains(&budget.used()), "{length}: {}", budget.used());
        }
        assert_eq!(
            (grown.text().len(), grown.push(&[b' '; 40])),
            (32, Err(Exhausted::Limit { limit: 100 }))
        );
        let (text, reservation) = grown.into_parts();
        assert_eq!((text.len(), reservation.bytes()), (32, budget.used()));
    }

    #[test]
    fn another_limit_counts_what_is_reserved_already() {
        let budget = MemoryBudget::new(100);
        let mut body = Reservation::empty(&budget);
        body.grow(60).unwrap();
        budget.set_limit(50);
        assert_eq!(Reservation::empty(&budget).grow(1), Err(Exhausted::InUse));
        budget.set_limit(200);
        body.grow(140).unwrap();
        drop(body);
        assert_eq!(budget.used(), 0);
    }
}
