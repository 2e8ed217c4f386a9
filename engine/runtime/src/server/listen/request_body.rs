use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::EXPECT;
use hyper::{Request, Version};
use tokio::time::timeout;

/// The longest rest of a body that is read and discarded to keep its connection.
const MAX_DISCARDED: u64 = 256 << 10;

/// The longest time that a response over HTTP/2 waits for that.
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// The body of a request. Its data is copied, unless it is the whole body and HTTP/1: it lies in
/// the connection's buffer, which is much larger than most bodies, and would stay allocated. What is
/// unread is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct RequestBody<'a> {
    /// Missing only once this is dropped.
    incoming: Option<Incoming>,
    /// The end has been read.
    ended: bool,
    is_http2: bool,
    unread: &'a UnreadBody,
}

/// The unread rest of a request's body.
#[derive(Debug, Default)]
pub(super) struct UnreadBody(Mutex<Option<Incoming>>);

impl<'a> RequestBody<'a> {
    pub(super) fn wrap(request: Request<Incoming>, unread: &'a UnreadBody) -> Request<Self> {
        let is_http2 = request.version() >= Version::HTTP_2;
        request.map(|incoming| Self {
            ended: incoming.is_end_stream(),
            incoming: Some(incoming),
            is_http2,
            unread,
        })
    }
}

impl UnreadBody {
    /// Tells whether a connection of HTTP/1 may be kept after its response: the body has been read, or is
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

    /// Reads and discards a short rest of a body of HTTP/2 before its response is sent, for a short
    /// time. After the response, the stream of what is still unread is reset, which some clients, such
    /// as curl 7.88, take for an error in place of the response.
    pub(super) async fn discard_of_http2(&self, expects_continue: bool) {
        let Some(mut unread) = self.take() else { return };
        if expects_continue || unread.size_hint().lower() > MAX_DISCARDED {
            return;
        }
        let discard = async {
            let mut discarded = 0;
            while let Some(Ok(frame)) = unread.frame().await
                && discarded <= MAX_DISCARDED
            {
                discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
        };
        // Whichever is first.
        drop(timeout(DISCARD_TIME, discard).await);
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
        let copies = self.is_http2 || !self.is_end_stream();
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
        if !self.ended && !self.is_end_stream() {
            self.unread.set(self.incoming.take());
        }
    }
}
