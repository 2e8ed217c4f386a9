//! A socket on loan to HTTP and TLS.
//!
//! Closing a socket with bytes in it that nobody has read resets the connection, and with a reset
//! goes what its client has not read yet: the answer that it was sent early. So a connection is
//! closed in stages (RFC 9112, 9.6): what HTTP drops comes back, the client is told that nothing
//! more is written, and what it still sends is thrown away until it has read the answer and closes.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, Take};
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use super::memory::ConnectionMemory;
use super::socket::Socket;
use crate::server::http::memory_budget::Exhausted;

/// Bytes that are read at a time: less than what makes HTTP/1 take a larger buffer for the next.
const AT_A_TIME: u64 = (8 << 10) - 1;

/// The same of HTTP/2, which makes a frame of every few of them. After so many, those whom they are
/// for get their turn: they take them, and give back what they were held in.
const AT_A_TIME_OF_HTTP2: u64 = 4 << 10;

/// How a client begins that speaks HTTP/2 without TLS, and no other. Before there is more of it,
/// nothing but this is read.
const HTTP2: &[u8] = b"PRI";

/// How long nothing is read where there is no memory for it.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// How long all of what a client still sends is thrown away. As long as with other servers.
const LONGEST: Duration = Duration::from_secs(30);

/// The socket of a [`Wire`], from when that is dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct Returned(Arc<Mutex<Option<Socket>>>);

/// What a client began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// So many bytes of [`HTTP2`], and nothing else.
    Bytes(usize),
    /// HTTP/2, for which no memory is reserved yet.
    Http2,
    /// Something else, or HTTP/2 that has its memory.
    Other,
}

/// A socket that is lent.
#[derive(Debug)]
pub(super) struct Wire {
    /// Only missing once it is dropped.
    socket: Option<Take<Socket>>,
    lender: Returned,
    /// Nothing more will come, or can be sent.
    is_over: bool,
    memory: Arc<ConnectionMemory>,
    /// The longest head.
    max_head: usize,
    /// Bytes that were read since others had their turn.
    turn: u64,
    first: First,
    /// Runs while nothing is read for want of memory.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Returned {
    /// Lends a socket, of which no more is read than there is memory for.
    pub(super) fn lend(
        &self,
        socket: Socket,
        is_tls: bool,
        memory: Arc<ConnectionMemory>,
        max_head: usize,
    ) -> Wire {
        Wire {
            socket: Some(socket.take(0)),
            lender: self.clone(),
            is_over: false,
            memory,
            max_head,
            turn: 0,
            // Of TLS this is not what HTTP reads.
            first: if is_tls { First::Other } else { First::Bytes(0) },
            pause: None,
        }
    }

    /// Closes what came back, in stages. A client that sends nothing for `silence` is not waited
    /// for any longer.
    pub(super) async fn close(self, silence: Duration) {
        let back = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut socket) = back else { return };
        let end = Instant::now() + LONGEST;
        // Done already, mostly.
        if socket.shutdown().await.is_err() {
            return;
        }
        let mut thrown_away = [0; 4 << 10];
        loop {
            let patience = end.min(Instant::now() + silence);
            match timeout_at(patience, socket.read(&mut thrown_away)).await {
                Ok(Ok(read)) if read > 0 => {}
                _ => return,
            }
        }
    }
}

impl Wire {
    fn receive(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn >= AT_A_TIME_OF_HTTP2 && self.memory.speaks_http2() {
            self.turn = 0;
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        while self.reserve().is_err() {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
            ready!(pause.as_mut().poll(task));
            self.pause = None;
        }
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let is_http2 = self.memory.speaks_http2();
        socket.set_limit(match self.first {
            First::Bytes(seen) => (HTTP2.len() - seen) as u64,
            _ if is_http2 => AT_A_TIME_OF_HTTP2,
            _ => AT_A_TIME,
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
        if let First::Bytes(seen) = self.first {
            self.first = match HTTP2.get(seen..) {
                Some(rest) if rest == bytes => First::Http2,
                Some(rest) if rest.starts_with(bytes) => First::Bytes(seen + bytes.len()),
                _ => First::Other,
            };
        }
        Poll::Ready(Ok(()))
    }

    /// Reserves memory for what may be read.
    fn reserve(&mut self) -> Result<(), Exhausted> {
        if self.first == First::Http2 {
            self.memory.reserve_http2()?;
            self.first = First::Other;
        }
        self.memory.reserve_head(self.max_head)
    }

    fn send<T>(
        &mut self,
        send: impl FnOnce(Pin<&mut Socket>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let result = send(pin!(socket.get_mut()));
        self.memory.is_blocked(result.is_pending());
        self.is_over |= matches!(result, Poll::Ready(Err(_)));
        result
    }
}

/// It is returned where its client may still be there.
impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_over {
            let socket = self.socket.take().map(Take::into_inner);
            *self.lender.0.lock().unwrap_or_else(PoisonError::into_inner) = socket;
        }
    }
}

impl AsyncRead for Wire {
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

impl AsyncWrite for Wire {
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
