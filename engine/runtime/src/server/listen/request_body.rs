use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::EXPECT;
use hyper::{Request, Version};

/// The longest rest of a body that is read and discarded to keep its connection.
const MAX_DISCARDED: u64 = 256 << 10;

/// The body of a request. Its data is copied, unless it is the whole body and HTTP/1: it lies in
/// the connection's buffer, which is much larger than most bodies, and would stay allocated. The
/// connection gets back what is unread when this is dropped.
#[derive(Debug)]
pub(crate) struct RequestBody<'a> {
    /// Missing only once this is dropped.
    incoming: Option<Incoming>,
    /// The end has been read.
    ended: bool,
    /// `None` for HTTP/2, which cancels unread bodies by itself.
    unread: Option<&'a UnreadBody>,
}

/// The unread rest of the last request's body, of a connection of HTTP/1, which has one request at a
/// time.
#[derive(Debug, Default)]
pub(super) struct UnreadBody(Mutex<Option<Incoming>>);

impl<'a> RequestBody<'a> {
    pub(super) fn wrap(request: Request<Incoming>, unread: &'a UnreadBody) -> Request<Self> {
        let unread = (request.version() < Version::HTTP_2).then_some(unread);
        request.map(|incoming| Self {
            ended: incoming.is_end_stream(),
            incoming: Some(incoming),
            unread,
        })
    }
}

impl UnreadBody {
    /// Tells whether the connection may be kept after its response: the body has been read, or is
    /// short, and is then read and discarded while the response is sent. A client that expects
    /// `100 Continue` may or may not send its body, which could not be told from the next request.
    pub(super) fn discard(&self, expects_continue: bool) -> bool {
        let Some(mut unread) = self.take() else { return true };
        let length = unread.size_hint().upper();
        if expects_continue || length.is_none_or(|bytes| bytes > MAX_DISCARDED) {
            return false;
        }
        // Ends with the body, or with the connection, which waits for it no longer than for another
        // request.
        tokio::spawn(async move { while let Some(Ok(_)) = unread.frame().await {} });
        true
    }

    fn take(&self) -> Option<Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, body: Option<Incoming>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
    }
}

/// Tells whether a client waits for `100 Continue` before it sends its body.
pub(super) fn expects_continue<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(EXPECT)
}

impl Body for RequestBody<'_> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(incoming).poll_frame(task));
        // Where more follows, this data may be kept for a while.
        let copies = self.unread.is_none() || !self.is_end_stream();
        Poll::Ready(match frame {
            Some(Ok(frame)) if copies => {
                Some(Ok(frame.map_data(|data| Bytes::copy_from_slice(&data))))
            }
            frame => {
                // After an error, the end is unknown.
                self.ended |= frame.is_none();
                frame
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody<'_> {
    fn drop(&mut self) {
        if !self.ended
            && !self.is_end_stream()
            && let Some(unread) = self.unread
        {
            unread.set(self.incoming.take());
        }
    }
}
