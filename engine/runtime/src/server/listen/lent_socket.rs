//! The socket that HTTP and TLS borrow.
//!
//! Closing a socket that has unread bytes resets the connection, and the client loses what it has not
//! read yet: an early response. So a connection is closed in steps (RFC 9112, 9.6): the socket that
//! HTTP drops comes back, its sending side is closed, and what the client still sends is discarded
//! until it has read the response and closes.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, Take};
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use super::connection_memory::ConnectionMemory;
use super::socket::ClientSocket;
use crate::server::http::memory_budget::Exhausted;

/// Bytes that are read at a time: fewer than make HTTP/1 use a larger buffer for the next read.
const READ_BYTES: u64 = (8 << 10) - 1;

/// Bytes of HTTP/2 that are read at a time, as it makes a frame of every few bytes. After so many,
/// the task yields to the readers of the frames, which release their memory.
const READ_BYTES_OF_HTTP2: u64 = 4 << 10;

/// The first bytes of HTTP/2 without TLS, and of nothing else. No more is read before they are
/// told apart.
const HTTP2: &[u8] = b"PRI";

/// The pause of reading where there is no memory.
pub(super) const MEMORY_PAUSE: Duration = Duration::from_millis(50);

/// The longest time for which a client's data is discarded. Other servers have the same. Unit tests,
/// which wait for it, have a shorter one.
const MAX_DISCARD_TIME: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 30 });

/// The owner of a [`LentSocket`], which gets the socket back when that is dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct SocketLender(Arc<Mutex<Option<ClientSocket>>>);

/// The first bytes of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preface {
    /// This number of bytes of [`HTTP2`], and nothing else.
    Bytes(usize),
    /// HTTP/2, for which no memory is reserved yet.
    Http2,
    /// Something else, or HTTP/2 with its memory reserved.
    Other,
}

/// A borrowed socket.
#[derive(Debug)]
pub(super) struct LentSocket {
    /// Missing only once this is dropped.
    socket: Option<Take<ClientSocket>>,
    lender: SocketLender,
    /// Nothing more can be read or sent.
    is_over: bool,
    memory: Arc<ConnectionMemory>,
    /// The longest head of a request.
    max_head: usize,
    /// Bytes that were read since the task last yielded.
    turn: u64,
    preface: Preface,
    /// Runs while there is no memory to read.
    pause: Option<Pin<Box<Sleep>>>,
}

impl SocketLender {
    /// Lends a socket. No more is read from it than there is memory for.
    pub(super) fn lend(
        &self,
        socket: ClientSocket,
        is_tls: bool,
        memory: Arc<ConnectionMemory>,
        max_head: usize,
    ) -> LentSocket {
        LentSocket {
            socket: Some(socket.take(0)),
            lender: self.clone(),
            is_over: false,
            memory,
            max_head,
            turn: 0,
            // With TLS, HTTP reads other bytes than these.
            preface: if is_tls { Preface::Other } else { Preface::Bytes(0) },
            pause: None,
        }
    }

    /// Closes the socket that came back, in steps, and waits for a client until it has sent nothing
    /// for `silence`.
    pub(super) async fn close(self, silence: Duration) {
        let returned = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut socket) = returned else { return };
        let end = Instant::now() + MAX_DISCARD_TIME;
        // Mostly a no-op, as HTTP has done it.
        if socket.shutdown().await.is_err() {
            return;
        }
        let mut discarded = [0; 4 << 10];
        loop {
            let deadline = end.min(Instant::now() + silence);
            match timeout_at(deadline, socket.read(&mut discarded)).await {
                Ok(Ok(read)) if read > 0 => {}
                _ => return,
            }
        }
    }
}

impl LentSocket {
    fn receive(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn >= READ_BYTES_OF_HTTP2 && self.memory.speaks_http2() {
            self.turn = 0;
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        while self.reserve().is_err() {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(MEMORY_PAUSE)));
            ready!(pause.as_mut().poll(task));
            self.pause = None;
        }
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let is_http2 = self.memory.speaks_http2();
        socket.set_limit(match self.preface {
            Preface::Bytes(seen) => (HTTP2.len() - seen) as u64,
            _ if is_http2 => READ_BYTES_OF_HTTP2,
            _ => READ_BYTES,
        });
        let before = buffer.filled().len();
        let Poll::Ready(read) = pin!(socket).poll_read(task, buffer) else {
            self.turn = 0;
            return Poll::Pending;
        };
        read?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        if bytes.is_empty() && buffer.remaining() > 0 {
            self.is_over = true;
        }
        self.turn += bytes.len() as u64;
        self.memory.count_read(bytes.len());
        if let Preface::Bytes(seen) = self.preface {
            self.preface = match HTTP2.get(seen..) {
                Some(rest) if rest == bytes => Preface::Http2,
                Some(rest) if rest.starts_with(bytes) => Preface::Bytes(seen + bytes.len()),
                _ => Preface::Other,
            };
        }
        Poll::Ready(Ok(()))
    }

    /// Reserves memory for the next read.
    fn reserve(&mut self) -> Result<(), Exhausted> {
        if self.preface == Preface::Http2 {
            self.memory.reserve_http2()?;
            self.preface = Preface::Other;
        }
        self.memory.reserve_head(self.max_head)
    }

    fn send<T>(
        &mut self,
        send: impl FnOnce(Pin<&mut ClientSocket>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let result = send(pin!(socket.get_mut()));
        self.memory.set_blocked(result.is_pending());
        self.is_over |= matches!(result, Poll::Ready(Err(_)));
        result
    }
}

/// Returns the socket, unless its client is gone.
impl Drop for LentSocket {
    fn drop(&mut self) {
        if !self.is_over {
            let socket = self.socket.take().map(Take::into_inner);
            *self.lender.0.lock().unwrap_or_else(PoisonError::into_inner) = socket;
        }
    }
}

impl AsyncRead for LentSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.receive(task, buffer);
        self.is_over |= matches!(read, Poll::Ready(Err(_)));
        read
    }
}

impl AsyncWrite for LentSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.send(|socket| socket.poll_write(task, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.send(|socket| socket.poll_write_vectored(task, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.send(|socket| socket.poll_flush(task))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.send(|socket| socket.poll_shutdown(task))
    }
}
