//! What a client sends after a head, also where the answer does not wait for it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::EXPECT;
use hyper::{Request, Version};

/// The most of a body that is read for nothing, so that its connection can be kept.
const SMALL_REST: u64 = 256 << 10;

/// A request's body. What has come of it is copied, unless it is all of it and HTTP/1: it lies in
/// its connection's buffer, which is much larger than a client need have it be, and would stay. What
/// nobody has read of it when it is dropped, its connection gets back.
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// Only missing once it is dropped.
    incoming: Option<Incoming>,
    /// The end has been read.
    ended: bool,
    /// HTTP/2 has a word for bodies that are not read, which it says by itself.
    rest: Option<Arc<Rest>>,
}

/// What was not read of the last request's body: of HTTP/1, where there is one request at a time.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Option<Incoming>>);

impl RequestBody {
    pub(super) fn of(request: Request<Incoming>, rest: &Arc<Rest>) -> Request<Self> {
        let rest = (request.version() < Version::HTTP_2).then(|| Arc::clone(rest));
        request.map(|incoming| Self {
            ended: incoming.is_end_stream(),
            incoming: Some(incoming),
            rest,
        })
    }
}

impl Rest {
    /// Whether the connection may be kept once a request is answered: its body has been read, or
    /// is a small one that is read now, while its answer is sent. A client that waits to be told
    /// to send it may send it or not, and nobody could tell it from the next request.
    pub(super) fn is_worth_reading(&self, waits: bool) -> bool {
        let rest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut rest) = rest else { return true };
        if waits || rest.size_hint().upper().is_none_or(|bytes| bytes > SMALL_REST) {
            return false;
        }
        // It ends at its length, or with its connection, which does not wait longer for it than
        // for another request.
        tokio::spawn(async move { while let Some(Ok(_)) = rest.frame().await {} });
        true
    }
}

/// Whether a request's client waits to be told to send its body.
pub(super) fn waits_to_send<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(EXPECT)
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(incoming).poll_frame(task));
        // More is to come, for which this may wait.
        let waits = self.rest.is_none() || !self.is_end_stream();
        Poll::Ready(match frame {
            Some(Ok(frame)) if waits => {
                Some(Ok(frame.map_data(|data| Bytes::copy_from_slice(&data))))
            }
            frame => {
                // After an error nobody knows where it ends.
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

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(rest) = &self.rest
            && !self.ended
            && !self.is_end_stream()
        {
            *rest.0.lock().unwrap_or_else(PoisonError::into_inner) = self.incoming.take();
        }
    }
}
