//! One client, from its first byte to its last.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::debug;

use super::coalesce_wakes::Wakes;
use super::idle::{Activity, Patience};
use super::listener::{Accepted, Spoken, Stream};
use super::memory::{ConnectionMemory, RequestMemory};
use super::request_body::{Rest, waits_to_send};
use super::wire::Returned;
use super::{Answer, Peer, Phase, RequestBody};
use crate::config::Limits;

/// Bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;

/// The same of HTTP/2, where few bytes can say many headers.
const MAX_HEAD_OF_HTTP2: u32 = 16 << 10;

/// Bytes of bodies that an HTTP/2 client may send before they are read: of one, and of all.
const WINDOWS: (u32, u32) = (256 << 10, 512 << 10);

/// Requests that one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;

/// How often an HTTP/2 client must show that it is alive while it waits for an answer, and how fast.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// How long a client that has to go may do nothing, before it is told and before it is cut off.
const LINGER: Duration = Duration::from_secs(1);

/// How long a client may send nothing once it was told that nothing more is written, before it
/// closes its side as well. As long as with other servers.
const SILENCE: Duration = Duration::from_secs(5);

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client, by leaving or by a mistake.
    Left,
    /// They did not agree on TLS.
    Tls,
    /// The server, as nothing was asked.
    Idle,
    /// The server, as it drains.
    Shutdown,
    /// The server, as its time was up with a request in progress.
    CutOff,
}

/// What the requests of a connection share.
struct Conversation<A> {
    answer: A,
    peer: Peer,
    activity: Activity,
    /// The next answer is the last one.
    last: AtomicBool,
    rest: Arc<Rest>,
    memory: Arc<ConnectionMemory>,
}

/// A request whose answer is being made, until this is dropped.
struct InProgress<A>(Arc<Conversation<A>>);

impl<A: Answer> InProgress<A> {
    fn begin(conversation: &Arc<Conversation<A>>) -> Self {
        conversation.activity.begin();
        Self(Arc::clone(conversation))
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        memory: RequestMemory,
    ) -> Response<Full<Bytes>> {
        let conversation = &*self.0;
        // HTTP/2 has another word for it, which hyper says by itself.
        let may_close = request.version() < Version::HTTP_2;
        let waits = waits_to_send(&request);
        let request = RequestBody::of(request, &conversation.rest);
        let mut response = conversation.answer.answer(request, &conversation.peer).await;
        if !may_close {
            return response.map(|body| until_sent(body, memory));
        }
        if !conversation.rest.is_worth_reading(waits) || conversation.last.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl<A> Drop for InProgress<A> {
    fn drop(&mut self) {
        self.0.activity.end();
    }
}

/// An answer with its request's memory: HTTP/2 keeps it for who does not read it.
struct Unsent {
    bytes: Bytes,
    _memory: RequestMemory,
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn until_sent(mut body: Full<Bytes>, memory: RequestMemory) -> Full<Bytes> {
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => {
            let bytes = frame.into_data().unwrap_or_default();
            Full::new(Bytes::from_owner(Unsent { bytes, _memory: memory }))
        }
        _ => body,
    }
}

/// Takes a request up, which is done on a task of its own with HTTP/2: what it takes is on the heap
/// only as long as it is in progress.
///
/// # Errors
/// Where there is no memory for it, and HTTP/2 tells its client that nothing has been done and that
/// it may ask again.
fn take_up<A: Answer>(
    request: Request<Incoming>,
    conversation: &Arc<Conversation<A>>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, h2::Error>> + use<A> {
    let memory = if request.version() < Version::HTTP_2 {
        Ok(conversation.memory.request())
    } else {
        conversation.memory.http2_request(request.headers().len())
    };
    let answer = memory
        .map(|memory| Box::pin(InProgress::begin(conversation).answer(request, memory)))
        .map_err(|_| {
            conversation.answer.turned_away(StatusCode::SERVICE_UNAVAILABLE);
            h2::Error::from(h2::Reason::REFUSED_STREAM)
        });
    async move {
        match answer {
            Ok(answer) => Ok(answer.await),
            Err(refused) => Err(refused),
        }
    }
}

/// Answers a client that came at `start` for as long as it asks.
pub(super) async fn serve<A: Answer>(
    accepted: Accepted,
    memory: Arc<ConnectionMemory>,
    start: Instant,
    answer: A,
    limits: &Limits,
    phase: watch::Receiver<Phase>,
) -> End {
    let peer = accepted.peer;
    let socket = Returned::default();
    let open = accepted.open(&socket, Arc::clone(&memory), MAX_HEAD);
    let opened = tokio::select! {
        biased;
        opened = timeout_at(start + limits.header_time, open) => opened,
        () = too_late(phase.clone()) => return End::Shutdown,
    };
    let end = match opened {
        Ok(Ok((stream, spoken))) => {
            let patience =
                Patience { since: start, first: limits.header_time, idle: limits.idle_time };
            let conversation = Conversation {
                answer,
                peer,
                activity: Activity::new(start),
                last: AtomicBool::new(false),
                rest: Arc::default(),
                memory,
            };
            match converse(stream, spoken, conversation, patience, phase.clone()).await {
                Ok(end) => {
                    part(socket, phase).await;
                    end
                }
                Err(end) => end,
            }
        }
        Ok(Err(error)) => {
            debug!(%peer, %error, "TLS handshake failed");
            part(socket, phase).await;
            return End::Tls;
        }
        Err(_) => End::Idle,
    };
    debug!(%peer, ?end, "connection closed");
    end
}

/// Closes a connection in stages. When the server drains, its client has less time.
async fn part(socket: Returned, phase: watch::Receiver<Phase>) {
    tokio::select! {
        biased;
        () = socket.close(SILENCE) => {}
        () = too_late(phase) => {}
    }
}

/// Speaks HTTP with a client, under the one rule against slow ones: where no request is in progress
/// for a time, the connection is closed, whatever trickles in or out of it. Hyper's own limit for
/// heads is switched off: it would hold for connections that are kept alive without a request, too.
///
/// # Errors
/// The end of a connection that had to be cut off, with what was still to be written.
async fn converse<A: Answer>(
    stream: Box<dyn Stream>,
    spoken: Spoken,
    conversation: Conversation<A>,
    mut patience: Patience,
    mut phase: watch::Receiver<Phase>,
) -> Result<End, End> {
    let conversation = Arc::new(conversation);
    let service = service_fn(|request| take_up(request, &conversation));
    let protocol = protocol(spoken);
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(stream), service));
    let mut wakes = Wakes::default();
    // Asked first as soon as time can be up, which is sooner after an early answer than without one.
    let mut timer = pin!(sleep_until(patience.since + patience.first.min(patience.idle)));
    // Why the client has to go, and whether it was told.
    let mut closing = None;
    let mut told = false;
    let mut next_phase = Phase::Draining;
    loop {
        let reason = tokio::select! {
            biased;
            result = poll_fn(|task| wakes.poll(connection.as_mut(), task)) => {
                let own = result.err().and_then(|error| ended_by(&*error, &conversation));
                return Ok(closing.or(own).unwrap_or(End::Left));
            }
            () = next_phase.reached(&mut phase) => {
                if next_phase == Phase::Ended {
                    connection.as_mut().graceful_shutdown();
                    // Whoever is between two requests goes now.
                    return tokio::select! {
                        biased;
                        _ = connection.as_mut() => Ok(closing.unwrap_or(End::Shutdown)),
                        () = std::future::ready(()) => Err(End::CutOff),
                    };
                }
                next_phase = Phase::Ended;
                conversation.last.store(true, Ordering::Relaxed);
                if closing.is_none() {
                    // A request may be on its way, and would be lost: it is answered, and the
                    // client told with the answer.
                    closing = Some(End::Shutdown);
                    timer.as_mut().reset(Instant::now() + LINGER);
                }
                continue;
            }
            () = timer.as_mut() => match closing {
                Some(reason) if !told => reason,
                _ => {
                    let now = Instant::now();
                    let deadline = conversation.activity.deadline(patience, now);
                    if deadline > now {
                        timer.as_mut().reset(deadline);
                        continue;
                    }
                    if let Some(reason) = closing {
                        return Err(reason);
                    }
                    End::Idle
                }
            },
        };
        closing = Some(reason);
        told = true;
        connection.as_mut().graceful_shutdown();
        let now = Instant::now();
        patience = Patience { since: now, first: LINGER, idle: LINGER };
        timer.as_mut().reset(now + LINGER);
    }
}

/// Waits until the server has drained for so long that a client who comes now would not be answered.
async fn too_late(mut phase: watch::Receiver<Phase>) {
    Phase::Draining.reached(&mut phase).await;
    // It elapses, or the end comes before it does.
    drop(timeout(LINGER, Phase::Ended.reached(&mut phase)).await);
}

fn protocol(spoken: Spoken) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    // A client that closes its half is taken to have left: what it asked is not decided for nobody.
    // No number of headers is set: hyper's own, 100, is one that it need not allocate for.
    protocol
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(false)
        .max_buf_size(MAX_HEAD);
    protocol
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_OF_HTTP2)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    match spoken {
        Spoken::Either => protocol,
        Spoken::Http1 => protocol.http1_only(),
    }
}

/// Takes note of what went wrong, and tells whether it was the server's patience.
fn ended_by<A: Answer>(
    error: &(dyn std::error::Error + Send + Sync + 'static),
    conversation: &Conversation<A>,
) -> Option<End> {
    debug!(peer = %conversation.peer, %error, "connection failed");
    let hyper = error.downcast_ref::<hyper::Error>()?;
    if hyper.is_parse_too_large() {
        conversation.answer.turned_away(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    } else if hyper.is_parse() {
        conversation.answer.turned_away(StatusCode::BAD_REQUEST);
    }
    hyper.is_timeout().then_some(End::Idle)
}
