//! The memory of connections.
//!
//! A connection's buffers and the tasks of its requests need memory before there is a body. It is
//! reserved before they can grow: when a connection is accepted, when it turns out to be HTTP/2, with
//! each concurrent request after the first, and with each part of a long head. Where none is left,
//! new connections wait in the system's queue, requests of HTTP/2 are refused, and heads are not read
//! on. The sizes were measured with a build without optimizations.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::IntGauge;

use crate::server::http::memory_budget::{Exhausted, MemoryBudget, Reservation};

/// The memory of a connection with one request and a short head.
const CONNECTION: usize = 20 << 10;

/// The additional memory of TLS, with data that is not decrypted or sent yet.
const TLS: usize = 16 << 10;

/// The additional memory of HTTP/2: a frame, a head in parts, data that no request has read yet.
const HTTP2: usize = 48 << 10;

/// The memory of each further concurrent request, and the number of them that is reserved at once.
const REQUEST: usize = 5 << 10;
const REQUESTS: usize = 8;

/// The headers of such a request; more of them count as further requests.
const HEADERS: usize = 32;

/// The bytes of a head that are part of a connection's memory, and the step in which more are
/// reserved.
const HEAD: usize = 8 << 10;

/// The budgets of connections.
#[derive(Debug, Clone)]
pub(super) struct MemoryPool {
    /// The budget of connections alone, so that some are accepted whatever bodies hold.
    own: Arc<MemoryBudget>,
    /// The budget that they share with bodies, of which a quarter is left to those.
    shared: Option<Arc<MemoryBudget>>,
    /// The sum of all reservations.
    gauge: IntGauge,
}

/// The memory of one connection.
#[derive(Debug)]
pub(super) struct ConnectionMemory {
    reserved: Mutex<ConnectionReservation>,
    /// The number of requests whose responses are being made, or wait to be sent.
    open: AtomicUsize,
    /// The number of requests that memory is reserved for.
    reserved_for: AtomicUsize,
    /// Bytes that arrived while no request was open.
    head: AtomicUsize,
    speaks_http2: AtomicBool,
    /// The client does not read, and responses stay in memory.
    is_blocked: AtomicBool,
}

#[derive(Debug)]
struct ConnectionReservation {
    own: Reservation,
    shared: Option<Reservation>,
    /// Bytes that are reserved for a long head.
    head: usize,
    gauge: IntGauge,
}

/// The memory of one request, until this is dropped.
#[derive(Debug)]
pub(super) struct RequestMemory {
    connection: Arc<ConnectionMemory>,
    requests: usize,
}

impl MemoryPool {
    pub(super) fn new(own: usize, shared: Option<Arc<MemoryBudget>>, gauge: IntGauge) -> Self {
        Self { own: MemoryBudget::new(own), shared, gauge }
    }

    /// Reserves the memory of a connection.
    pub(super) fn connection(&self, is_tls: bool) -> Result<Arc<ConnectionMemory>, Exhausted> {
        let mut reserved = ConnectionReservation {
            own: Reservation::empty(&self.own),
            shared: self.shared.as_ref().map(Reservation::empty),
            head: 0,
            gauge: self.gauge.clone(),
        };
        reserved.grow(CONNECTION + if is_tls { TLS } else { 0 })?;
        Ok(Arc::new(ConnectionMemory {
            reserved: Mutex::new(reserved),
            open: AtomicUsize::new(0),
            reserved_for: AtomicUsize::new(1),
            head: AtomicUsize::new(0),
            speaks_http2: AtomicBool::new(false),
            is_blocked: AtomicBool::new(false),
        }))
    }
}

impl ConnectionMemory {
    /// The memory of a request of HTTP/1. There is one at a time, so the connection's suffices.
    pub(super) fn request(self: &Arc<Self>) -> RequestMemory {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.release_head();
        RequestMemory { connection: Arc::clone(self), requests: 1 }
    }

    /// Reserves memory for HTTP/2, before more than its first bytes are read.
    pub(super) fn reserve_http2(&self) -> Result<(), Exhausted> {
        if !self.speaks_http2() {
            self.reserved().grow(HTTP2)?;
            self.speaks_http2.store(true, Ordering::Relaxed);
            self.release_head();
        }
        Ok(())
    }

    /// Reserves memory for a request of HTTP/2 with this many headers.
    pub(super) fn http2_request(
        self: &Arc<Self>,
        headers: usize,
    ) -> Result<RequestMemory, Exhausted> {
        let requests = 1 + headers / HEADERS;
        let open = self.open.fetch_add(requests, Ordering::Relaxed) + requests;
        // Released when this is dropped, also on errors.
        let begun = RequestMemory { connection: Arc::clone(self), requests };
        if open > self.reserved_for.load(Ordering::Relaxed) {
            let mut reserved = self.reserved();
            let missing = open.saturating_sub(self.reserved_for.load(Ordering::Relaxed));
            let more = missing.next_multiple_of(REQUESTS);
            reserved.grow(more * REQUEST)?;
            self.reserved_for.fetch_add(more, Ordering::Relaxed);
        }
        Ok(begun)
    }

    /// Notes that bytes have been read.
    pub(super) fn count_read(&self, bytes: usize) {
        if self.open.load(Ordering::Relaxed) == 0 && !self.speaks_http2() {
            self.head.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Reserves memory for more of a head, whose length is `most` at most.
    pub(super) fn reserve_head(&self, most: usize) -> Result<(), Exhausted> {
        let length = self.head.load(Ordering::Relaxed);
        if length < HEAD {
            return Ok(());
        }
        let mut reserved = self.reserved();
        let wanted = length.next_multiple_of(HEAD).min(most);
        let missing = wanted.saturating_sub(reserved.head);
        reserved.grow(missing)?;
        reserved.head += missing;
        Ok(())
    }

    pub(super) fn speaks_http2(&self) -> bool {
        self.speaks_http2.load(Ordering::Relaxed)
    }

    /// Notes whether the client reads.
    pub(super) fn set_blocked(&self, is_blocked: bool) {
        if self.is_blocked.load(Ordering::Relaxed) != is_blocked {
            self.is_blocked.store(is_blocked, Ordering::Relaxed);
        }
    }

    /// Tells whether a response waits for its client to read. Over HTTP/2 a client may read none of one
    /// while the socket would take it.
    pub(super) fn has_unsent(&self) -> bool {
        self.is_blocked() || self.speaks_http2() && self.open.load(Ordering::Relaxed) > 0
    }

    fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Relaxed)
    }

    fn release_head(&self) {
        if self.head.swap(0, Ordering::Relaxed) >= HEAD {
            let mut reserved = self.reserved();
            let head = std::mem::take(&mut reserved.head);
            reserved.shrink(head);
        }
    }

    fn reserved(&self) -> MutexGuard<'_, ConnectionReservation> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RequestMemory {
    fn drop(&mut self) {
        let connection = &*self.connection;
        let before = connection.open.fetch_sub(self.requests, Ordering::Relaxed);
        if before == self.requests
            && connection.reserved_for.load(Ordering::Relaxed) > 1
            && !connection.is_blocked()
        {
            let mut reserved = connection.reserved();
            // Another request may have begun.
            if connection.open.load(Ordering::Relaxed) == 0 {
                let was = connection.reserved_for.swap(1, Ordering::Relaxed);
                reserved.shrink((was - 1) * REQUEST);
            }
        }
    }
}

impl ConnectionReservation {
    fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if let Err(exhausted) = self.own.grow(bytes) {
            let shared = self.shared.as_mut().ok_or(exhausted)?;
            shared.grow_leaving_a_quarter(bytes)?;
        }
        self.gauge.add(figure(bytes));
        Ok(())
    }

    fn shrink(&mut self, bytes: usize) {
        let of_shared = self.shared.as_ref().map_or(0, Reservation::bytes).min(bytes);
        if let Some(shared) = &mut self.shared {
            shared.shrink(of_shared);
        }
        self.own.shrink(bytes - of_shared);
        self.gauge.sub(figure(bytes));
    }
}

impl Drop for ConnectionReservation {
    fn drop(&mut self) {
        let bytes = self.own.bytes() + self.shared.as_ref().map_or(0, Reservation::bytes);
        self.gauge.sub(figure(bytes));
    }
}

fn figure(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(own: usize, shared: usize) -> (MemoryPool, Arc<MemoryBudget>, IntGauge) {
        let gauge = IntGauge::new("held", "held").unwrap();
        let shared = MemoryBudget::new(shared);
        (MemoryPool::new(own, Some(Arc::clone(&shared)), gauge.clone()), shared, gauge)
    }

    #[test]
    fn connections_have_memory_of_their_own_and_leave_a_quarter_of_the_shared() {
        let (pool, shared, gauge) = pool(2 * CONNECTION, 4 * CONNECTION);
        let connections: Vec<_> = std::iter::from_fn(|| pool.connection(false).ok()).collect();
        assert_eq!((connections.len(), shared.used()), (5, 3 * CONNECTION));
        assert_eq!(gauge.get(), figure(5 * CONNECTION));
        drop(connections);
        assert_eq!((shared.used(), gauge.get()), (0, 0));
    }

    #[test]
    fn memory_of_concurrent_requests_is_released_after_the_last_response() {
        let more = HTTP2 + 2 * REQUESTS * REQUEST;
        let (pool, _, gauge) = pool(CONNECTION + more, 0);
        let connection = pool.connection(false).unwrap();
        connection.reserve_http2().unwrap();
        let first = connection.http2_request(9).unwrap();
        assert_eq!(gauge.get(), figure(CONNECTION + HTTP2));
        let mut others: Vec<_> = std::iter::from_fn(|| connection.http2_request(9).ok()).collect();
        assert_eq!((others.len(), gauge.get()), (2 * REQUESTS, figure(CONNECTION + more)));
        others.pop();
        connection.http2_request(2 * HEADERS).unwrap_err();
        others.push(connection.http2_request(0).unwrap());
        drop((first, others));
        assert_eq!(gauge.get(), figure(CONNECTION + HTTP2), "the memory of HTTP/2 stays");
        drop(connection);
        assert_eq!(gauge.get(), 0);
    }

    #[test]
    fn memory_of_a_long_head_is_released_when_it_is_complete() {
        let (pool, _, gauge) = pool(CONNECTION + 2 * HEAD, 0);
        let connection = pool.connection(false).unwrap();
        for held in [0, HEAD, 2 * HEAD] {
            connection.reserve_head(8 * HEAD).unwrap();
            assert_eq!(gauge.get(), figure(CONNECTION + held));
            connection.count_read(HEAD);
        }
        connection.reserve_head(8 * HEAD).unwrap_err();
        assert_eq!(connection.reserve_head(2 * HEAD), Ok(()), "no head is longer");
        let request = connection.request();
        assert_eq!(gauge.get(), figure(CONNECTION));
        // Bodies have memory of their own.
        connection.count_read(9 * HEAD);
        connection.reserve_head(8 * HEAD).unwrap();
        drop(request);
        assert_eq!(gauge.get(), figure(CONNECTION));
    }
}
