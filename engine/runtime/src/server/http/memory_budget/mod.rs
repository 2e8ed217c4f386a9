//! The memory budget of all requests, which `limits.bodies` bounds.
//!
//! Whatever a client can make grow is reserved here before it is allocated: bodies, decoded values,
//! responses, and the buffers of connections. There is one budget for the server's whole life, as a
//! reload must not begin a second one while the first still has reservations.

mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::StatusCode;
use hyper::body::Bytes;

use self::process::{ProcessBound, resident_bytes};

/// A limit of bytes, and the bytes that are reserved.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: AtomicUsize,
    used: AtomicUsize,
    process: Option<ProcessBound>,
}

/// Bytes of the budget, released when this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
    /// Bytes that the same request had reserved elsewhere when this was made.
    beside: usize,
}

/// A text that grows within a reservation.
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

/// A text with the reservation for it.
struct ReservedText {
    text: Bytes,
    _reservation: Reservation,
}

impl MemoryBudget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Self::with_bound(limit, None)
    }

    /// A budget that also bounds the growth of the process, which includes memory that the allocator
    /// keeps after it is freed. So many bytes of another budget are no part of it.
    pub(crate) fn with_process_bound(limit: usize, beside: usize) -> Arc<Self> {
        Self::with_bound(limit, ProcessBound::new(resident_bytes, beside))
    }

    fn with_bound(limit: usize, process: Option<ProcessBound>) -> Arc<Self> {
        Arc::new(Self { limit: AtomicUsize::new(limit), used: AtomicUsize::new(0), process })
    }

    /// Changes the limit. Reservations stay, also where they exceed it.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Changes the number of bytes of the other budget.
    pub(crate) fn set_beside(&self, bytes: usize) {
        if let Some(process) = &self.process {
            process.set_beside(bytes);
        }
    }

    /// The number of reserved bytes.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Reservation {
    /// An empty reservation.
    pub(crate) fn empty(budget: &Arc<MemoryBudget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0, beside: 0 }
    }

    /// An empty reservation of a request that holds this many bytes elsewhere. Both together decide
    /// whether the request could ever fit.
    pub(crate) fn beside(budget: &Arc<MemoryBudget>, bytes: usize) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0, beside: bytes }
    }

    /// The number of bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reserves more bytes.
    ///
    /// # Errors
    /// When the budget has not enough left; the reservation then stays as it was.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.grow_to(bytes, self.budget.limit.load(Ordering::Relaxed))
    }

    /// Reserves more bytes, but leaves a quarter of the budget to [`Self::grow`].
    ///
    /// # Errors
    /// When the budget has not enough left; the reservation then stays as it was.
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
                    // An eighth is granted in any case, as policies may have grown by themselves, and
                    // the allocator may keep memory that it cannot reuse.
                    Some(process) if used > limit / 8 && !process.allows(bytes, limit) => {
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

    /// Changes the number of bytes.
    ///
    /// # Errors
    /// When the budget has not enough left; the reservation then stays as it was.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.shrink(self.bytes.saturating_sub(bytes));
        self.grow(bytes.saturating_sub(self.bytes))
    }

    /// Moves all bytes to another reservation, which leaves this one empty.
    pub(crate) fn split(&mut self) -> Self {
        let bytes = std::mem::take(&mut self.bytes);
        Self { budget: Arc::clone(&self.budget), bytes, beside: self.beside }
    }

    /// Releases bytes, all of them at most.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Attaches the reservation to a text. It is released with the last part of the text.
    pub(crate) fn attach(self, text: Bytes) -> Bytes {
        if self.bytes == 0 {
            return text;
        }
        Bytes::from_owner(ReservedText { text, _reservation: self })
    }
}

impl Buffer {
    /// An empty buffer. Its announced capacity is reserved as it is written to, since the system does
    /// not provide the memory before.
    pub(crate) fn new(reservation: Reservation, announced: usize) -> Self {
        Self { text: Vec::with_capacity(announced), reservation }
    }

    /// Appends some text.
    ///
    /// # Errors
    /// When there is no memory; nothing is appended then.
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<(), Exhausted> {
        let length = self.text.len() + text.len();
        if length > self.text.capacity() {
            // While the text is moved, there are two copies.
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

    /// An empty reservation of the same request.
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

impl AsRef<[u8]> for ReservedText {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attached_reservation_is_released_with_the_last_part_of_the_text() {
        let budget = MemoryBudget::new(100);
        let mut body = Reservation::empty(&budget);
        body.grow(60).unwrap();
        let text = body.attach(Bytes::from(vec![b' '; 60]));
        let copy = text.slice(1..);
        drop(text);
        assert_eq!(budget.used(), 60, "a part of the text is left");
        drop(copy);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn request_that_never_fits_gets_another_error_than_one_that_may_retry() {
        let budget = MemoryBudget::new(100);
        let mut first = Reservation::empty(&budget);
        first.grow(60).unwrap();
        let mut second = Reservation::empty(&budget);
        assert_eq!(second.grow(41), Err(Exhausted::InUse));
        assert_eq!(second.grow(101), Err(Exhausted::Limit { limit: 100 }));
        assert_eq!(second.grow(usize::MAX), Err(Exhausted::Limit { limit: 100 }));
        assert_eq!((second.bytes(), budget.used()), (0, 60));
        let mut beside_first = Reservation::beside(&budget, first.bytes());
        assert_eq!(beside_first.grow(41), Err(Exhausted::Limit { limit: 100 }));
        beside_first.grow(40).unwrap();
        first.resize(10).unwrap();
        assert_eq!((first.bytes(), budget.used()), (10, 50));
        first.resize(20).unwrap();
        let rest = first.split();
        assert_eq!((first.bytes(), rest.bytes(), budget.used()), (0, 20, 60));
        drop((rest, beside_first));
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn growing_text_is_reserved_twice_while_it_is_moved() {
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
    fn changed_limit_counts_former_reservations() {
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
