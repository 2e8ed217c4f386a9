//! A socket on loan to HTTP and TLS.
//!
//! Closing a socket with bytes in it that nobody has read resets the connection, and with a reset
//! goes what its client has not read yet: the answer that it was sent early. So a connection is
//! closed in stages (RFC 9112, 9.6): what HTTP drops comes back, the client is told that nothing
//! more is written, and what it still sends is thrown away until it has read the answer and closes.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};

use super::socket::Socket;

/// How long all of what a client still sends is thrown away. As long as with other servers.
const LONGEST: Duration = Duration::from_secs(30);

/// The socket of a [`Wire`], from when that is dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct Returned(Arc<Mutex<Option<Socket>>>);

/// A socket that is lent.
#[derive(Debug)]
pub(super) struct Wire {
    /// Only missing once it is dropped.
    socket: Option<Socket>,
    lender: Returned,
    /// Nothing more will come, or can be sent.
    is_over: bool,
}

impl Returned {
    pub(super) fn lend(&self, socket: Socket) -> Wire {
        Wire { socket: Some(socket), lender: self.clone(), is_over: false }
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
    fn with<T>(
        &mut self,
        act: impl FnOnce(Pin<&mut Socket>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let done = act(pin!(socket));
        self.is_over |= matches!(done, Poll::Ready(Err(_)));
        done
    }
}

/// It is returned where its client may still be there.
impl Drop for Wire {
    fn drop(&mut self) {
        if !self.is_over {
            *self.lender.0.lock().unwrap_or_else(PoisonError::into_inner) = self.socket.take();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.with(|socket| socket.poll_read(task, buffer));
        self.is_over |= read.is_ready() && buffer.filled().len() == before;
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with(|socket| socket.poll_write(task, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.with(|socket| socket.poll_write_vectored(task, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_flush(task))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|socket| socket.poll_shutdown(task))
    }
}
