//! One connection, from its first byte to its last.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::debug;

use super::coalesce_wakes::CoalescedWakes;
use super::connection_memory::{ConnectionMemory, RequestMemory};
use super::handler::{RequestHandler, Surface};
use super::idle::{Activity, IdleTimeouts};
use super::lent_socket::SocketLender;
use super::listener::{Accepted, HttpVersions, Stream};
use super::peer::Peer;
use super::phase::ShutdownPhase;
use super::request_body::{RequestBody, UnreadBody, expects_continue};
use crate::config::Limits;

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// The longest head in HTTP/2, where few bytes can encode many headers.
const MAX_HEAD_OF_HTTP2: u32 = 16 << 10;

/// Bytes that an HTTP/2 client may send before they are read: of one body, and of all.
const WINDOWS: (u32, u32) = (256 << 10, 512 << 10);

/// The most requests that an HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;

/// The interval of pings to an HTTP/2 client that waits for a response, and the time it has to answer
/// one.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// The idle time of a client that has to leave, both before it is told to and before it is cut off.
const LINGER: Duration = Duration::from_secs(1);

/// The time that a client may send nothing, once this side is closed, before the connection is
/// dropped. Other servers have the same. Unit tests, which wait for it, have a shorter one.
const SILENCE: Duration = Duration::from_millis(if cfg!(test) { 500 } else { 5_000 });

/// The reason why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The client left, or made a mistake.
    Left,
    /// The TLS handshake failed.
    Tls,
    /// There was no request within the idle time.
    Idle,
    /// The server drains.
    Shutdown,
    /// The shutdown had to cut off a request in progress.
    CutOff,
}

impl CloseReason {
    /// The label in metrics; connections that the client closed are not counted.
    pub(super) fn label(self) -> Option<&'static str> {
        match self {
            Self::Left => None,
            Self::Tls => Some("tls"),
            Self::Idle => Some("idle"),
            Self::Shutdown | Self::CutOff => Some("shutdown"),
        }
    }
}

/// The state that the requests of a connection share.
struct Connection<H> {
    handler: H,
    surface: Surface,
    peer: Peer,
    activity: Activity,
    /// The next response is the last one.
    is_last: AtomicBool,
    memory: Arc<ConnectionMemory>,
}

/// A request whose response is being made, until this is dropped.
struct ActiveRequest<H>(Arc<Connection<H>>);

impl<H: RequestHandler> ActiveRequest<H> {
    fn begin(connection: &Arc<Connection<H>>) -> Self {
        connection.activity.begin();
        Self(Arc::clone(connection))
    }

    async fn respond(
        self,
        request: Request<Incoming>,
        memory: RequestMemory,
    ) -> Response<Full<Bytes>> {
        let connection = &*self.0;
        // HTTP/2 closes connections by a frame, which hyper sends.
        let may_close = request.version() < Version::HTTP_2;
        let is_head = request.method() == Method::HEAD;
        let expects_continue = expects_continue(&request);
        let unread = UnreadBody::default();
        let request = RequestBody::wrap(request, &unread);
        let handled = connection.handler.handle(request, connection.surface, &connection.peer);
        let mut response = handled.await;
        if !may_close {
            unread.discard_of_http2(expects_continue).await;
            if is_head {
                return without_body(response);
            }
            return response.map(|body| until_sent(body, memory));
        }
        if !unread.discard(expects_continue) || connection.is_last.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl<H> Drop for ActiveRequest<H> {
    fn drop(&mut self) {
        self.0.activity.end();
    }
}

/// The response to `HEAD`, with the length of what `GET` would get. Of HTTP/1, hyper does the same.
fn without_body(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response.map(|_| Full::default())
}

/// A response with its request's memory, as HTTP/2 keeps responses that a client does not read.
struct UnsentResponse {
    bytes: Bytes,
    _memory: RequestMemory,
}

impl AsRef<[u8]> for UnsentResponse {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn until_sent(mut body: Full<Bytes>, memory: RequestMemory) -> Full<Bytes> {
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => {
            let bytes = frame.into_data().unwrap_or_default();
            Full::new(Bytes::from_owner(UnsentResponse { bytes, _memory: memory }))
        }
        _ => body,
    }
}

/// Starts a request. Its future is boxed, so that an idle connection does not hold memory for it.
///
/// # Errors
/// When there is no memory for a request of HTTP/2. The client learns that nothing was done, and
/// that it may retry.
fn start<H: RequestHandler>(
    request: Request<Incoming>,
    connection: &Arc<Connection<H>>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, h2::Error>> + use<H> {
    let memory = if request.version() < Version::HTTP_2 {
        Ok(connection.memory.request())
    } else {
        connection.memory.http2_request(request.headers().len())
    };
    let response = memory
        .map(|memory| Box::pin(ActiveRequest::begin(connection).respond(request, memory)))
        .map_err(|_| {
            connection.handler.count_refused(StatusCode::SERVICE_UNAVAILABLE);
            h2::Error::from(h2::Reason::REFUSED_STREAM)
        });
    async move {
        match response {
            Ok(response) => Ok(response.await),
            Err(refused) => Err(refused),
        }
    }
}

/// Serves a connection that was accepted at `start`.
pub(super) async fn serve<H: RequestHandler>(
    accepted: Accepted,
    memory: Arc<ConnectionMemory>,
    start: Instant,
    handler: H,
    surface: Surface,
    limits: &Limits,
    phase: watch::Receiver<ShutdownPhase>,
) -> CloseReason {
    let peer = accepted.peer;
    let lender = SocketLender::default();
    let open = accepted.open(&lender, Arc::clone(&memory), MAX_HEAD);
    let opened = tokio::select! {
        biased;
        opened = timeout_at(start + limits.header_time, open) => opened,
        () = drained(phase.clone()) => return CloseReason::Shutdown,
    };
    let reason = match opened {
        Ok(Ok((stream, versions))) => {
            let timeouts =
                IdleTimeouts { since: start, first: limits.header_time, idle: limits.idle_time };
            let connection = Connection {
                handler,
                surface,
                peer,
                activity: Activity::new(start),
                is_last: AtomicBool::new(false),
                memory,
            };
            match drive(stream, versions, connection, timeouts, phase.clone()).await {
                Ok(reason) => {
                    close(lender, phase).await;
                    reason
                }
                Err(reason) => reason,
            }
        }
        Ok(Err(error)) => {
            debug!(%peer, %error, "TLS handshake failed");
            close(lender, phase).await;
            return CloseReason::Tls;
        }
        Err(_) => CloseReason::Idle,
    };
    debug!(%peer, ?reason, "connection closed");
    reason
}

/// Closes a connection in steps. While the server drains, its client has less time.
async fn close(lender: SocketLender, phase: watch::Receiver<ShutdownPhase>) {
    tokio::select! {
        biased;
        () = lender.close(SILENCE) => {}
        () = drained(phase) => {}
    }
}

/// The stage of a connection.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Requests are answered.
    Serving,
    /// The server drains. A request may be on its way and would be lost: it is answered, and its
    /// response tells the client to leave.
    LastRequest,
    /// The client has been told to leave.
    Closing(CloseReason),
}

impl Stage {
    /// The reason if the connection ends in this stage, unless the client ends it.
    fn reason(self) -> Option<CloseReason> {
        match self {
            Self::Serving => None,
            Self::LastRequest => Some(CloseReason::Shutdown),
            Self::Closing(reason) => Some(reason),
        }
    }

    /// The phase of the server that ends this stage.
    fn ends_with(self) -> ShutdownPhase {
        match self {
            Self::Serving => ShutdownPhase::Draining,
            Self::LastRequest | Self::Closing(_) => ShutdownPhase::Ended,
        }
    }
}

/// Speaks HTTP on a connection, with one rule against slow clients: where no request is in progress
/// for a time, the connection is closed, even if data trickles in or out. Hyper's own timeout for heads
/// is off, as it would also apply to connections that are kept alive without a request.
///
/// # Errors
/// The reason why the connection had to be cut off, with data that was still to be written.
async fn drive<H: RequestHandler>(
    stream: Box<dyn Stream>,
    versions: HttpVersions,
    connection: Connection<H>,
    mut timeouts: IdleTimeouts,
    mut phase: watch::Receiver<ShutdownPhase>,
) -> Result<CloseReason, CloseReason> {
    let connection = Arc::new(connection);
    let service = service_fn(|request| start(request, &connection));
    let protocol = protocol(versions);
    let mut http = pin!(protocol.serve_connection(TokioIo::new(stream), service));
    let mut wakes = CoalescedWakes::default();
    // The earliest time that either timeout may be over.
    let mut timer = pin!(sleep_until(timeouts.since + timeouts.first.min(timeouts.idle)));
    let mut stage = Stage::Serving;
    loop {
        let reason = tokio::select! {
            biased;
            result = poll_fn(|task| wakes.poll(http.as_mut(), task)) => {
                let failed = result.err().and_then(|error| reason_of(&*error, &connection));
                return Ok(stage.reason().or(failed).unwrap_or(CloseReason::Left));
            }
            () = stage.ends_with().reached(&mut phase) => match stage {
                Stage::Serving => {
                    connection.is_last.store(true, Ordering::Relaxed);
                    stage = Stage::LastRequest;
                    timer.as_mut().reset(Instant::now() + LINGER);
                    continue;
                }
                Stage::LastRequest | Stage::Closing(_) => {
                    http.as_mut().graceful_shutdown();
                    // A connection between two requests ends at once.
                    return tokio::select! {
                        biased;
                        _ = http.as_mut() => Ok(stage.reason().unwrap_or(CloseReason::Shutdown)),
                        () = std::future::ready(()) => Err(CloseReason::CutOff),
                    };
                }
            },
            () = timer.as_mut() => {
                let now = Instant::now();
                let deadline = connection.activity.deadline(timeouts, now);
                match stage {
                    Stage::LastRequest => CloseReason::Shutdown,
                    Stage::Serving | Stage::Closing(_) if deadline > now => {
                        timer.as_mut().reset(deadline);
                        continue;
                    }
                    Stage::Serving => CloseReason::Idle,
                    // Its client may still be reading: it has the grace period, as any other.
                    Stage::Closing(CloseReason::Shutdown) if connection.memory.has_unsent() => {
                        timer.as_mut().reset(now + LINGER);
                        continue;
                    }
                    Stage::Closing(reason) => return Err(reason),
                }
            }
        };
        stage = Stage::Closing(reason);
        http.as_mut().graceful_shutdown();
        let now = Instant::now();
        timeouts = IdleTimeouts { since: now, first: LINGER, idle: LINGER };
        timer.as_mut().reset(now + LINGER);
    }
}

/// Waits until the server has drained for so long that a new client would not be answered.
async fn drained(mut phase: watch::Receiver<ShutdownPhase>) {
    ShutdownPhase::Draining.reached(&mut phase).await;
    // Whichever is first.
    drop(timeout(LINGER, ShutdownPhase::Ended.reached(&mut phase)).await);
}

fn protocol(versions: HttpVersions) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    // A client that closes its half is taken to have left, and its request is not decided. The
    // number of headers stays hyper's default, 100, for which it need not allocate.
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
    match versions {
        HttpVersions::Any => protocol,
        HttpVersions::Http1 => protocol.http1_only(),
    }
}

/// Counts requests that could not be read, and returns the reason if a timeout of the server's ended
/// the connection.
fn reason_of<H: RequestHandler>(
    error: &(dyn std::error::Error + Send + Sync + 'static),
    connection: &Connection<H>,
) -> Option<CloseReason> {
    debug!(peer = %connection.peer, %error, "connection failed");
    let hyper = error.downcast_ref::<hyper::Error>()?;
    if hyper.is_parse_too_large() {
        connection.handler.count_refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    } else if hyper.is_parse() {
        connection.handler.count_refused(StatusCode::BAD_REQUEST);
    }
    hyper.is_timeout().then_some(CloseReason::Idle)
}
