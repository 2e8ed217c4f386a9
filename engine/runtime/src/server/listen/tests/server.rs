//! A server, and clients of it.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tracing::subscriber::DefaultGuard;

use crate::config::{Address, Limits, Tls};
use crate::server::http::memory_budget::MemoryBudget;
use crate::server::listen::listener::Stream;
use crate::server::listen::{Listeners, Peer, RequestBody, RequestHandler, ShutdownPhase, Surface};
use crate::server::systemd::InheritedSockets;
use crate::telemetry::{ConnectionMetrics, Metrics};
pub(super) use crate::testing::limits;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that no socket's buffers hold.
pub(super) const BIG: usize = 32 << 20;

/// Waits for a future that must complete.
pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("must come")
}

/// Waits until a condition is true.
pub(super) async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Lets all tasks of this thread that are ready run.
pub(super) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// The warnings and errors that this thread logs, until this is dropped.
pub(super) struct CapturedLog {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl CapturedLog {
    pub(super) fn start() -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&text);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_writer(move || LogWriter(Arc::clone(&writer)))
            .finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// Counts the lines that contain a text.
    pub(super) fn count(&self, part: &str) -> usize {
        let text = String::from_utf8(self.text.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(part)).count()
    }
}

struct LogWriter(Arc<Mutex<Vec<u8>>>);

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers with the version of HTTP and the client's address. `/wait` waits for a permit, and
/// `/big` is more than a socket holds.
#[derive(Debug, Clone)]
pub(super) struct TestHandler {
    go: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    big: Bytes,
}

impl RequestHandler for TestHandler {
    async fn handle(
        &self,
        request: Request<RequestBody<'_>>,
        _surface: Surface,
        peer: &Peer,
    ) -> Response<Full<Bytes>> {
        let text = match request.uri().path() {
            "/big" => self.big.clone(),
            "/wait" => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                self.go.acquire().await.unwrap().forget();
                "waited".into()
            }
            _ => format!("{:?} {peer}", request.version()).into(),
        };
        Response::new(Full::new(text))
    }

    fn count_refused(&self, _status: StatusCode) {}
}

/// A server that runs.
pub(super) struct TestServer {
    pub(super) addresses: Vec<String>,
    pub(super) diagnostics: Vec<String>,
    pub(super) phase: watch::Sender<ShutdownPhase>,
    pub(super) limits: watch::Sender<Limits>,
    pub(super) metrics: ConnectionMetrics,
    pub(super) running: JoinHandle<usize>,
    go: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// Any port of this machine.
pub(super) fn any_port() -> Address {
    Address::Http("127.0.0.1:0".parse().unwrap())
}

impl TestServer {
    /// On any port.
    pub(super) async fn start(limits: Limits) -> Self {
        Self::at(&[any_port()], None, limits).await
    }

    pub(super) async fn at(listen: &[Address], tls: Option<&Tls>, limits: Limits) -> Self {
        let listeners =
            Listeners::bind(listen, &[any_port()], None, 0o600, tls, InheritedSockets::default())
                .await
                .unwrap();
        let addresses = listeners.addresses().map(str::to_owned).collect();
        let diagnostics = listeners.diagnostic_addresses().map(str::to_owned).collect();
        let metrics = Metrics::new().unwrap().connections;
        let (phase, phases) = watch::channel(ShutdownPhase::Serving);
        let (limits, limit) = watch::channel(limits);
        let go = Arc::new(Semaphore::new(0));
        let waiting = Arc::new(AtomicUsize::new(0));
        let handler = TestHandler {
            go: Arc::clone(&go),
            waiting: Arc::clone(&waiting),
            big: vec![b' '; BIG].into(),
        };
        let memory = MemoryBudget::new(64 << 20);
        let running = listeners.run(handler, limit, memory, metrics.clone(), phases);
        let running = tokio::spawn(running);
        Self { addresses, diagnostics, phase, limits, metrics, running, go, waiting }
    }

    /// Connections that the server closed for a reason.
    pub(super) fn closed(&self, reason: &str) -> u64 {
        self.metrics.closed.with_label_values(&[reason]).get()
    }

    /// The number of requests to `/wait` that have reached the handler.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Lets one request to `/wait` be answered.
    pub(super) fn go_on(&self) {
        self.go.add_permits(1);
    }

    pub(super) async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(host(&self.addresses[0]))).await.unwrap()
    }
}

/// The host and port of a URL.
pub(super) fn host(url: &str) -> &str {
    url.split_once("://").unwrap().1
}

/// Connects by the URL; not for TLS.
pub(super) async fn connect(url: &str) -> Box<dyn Stream> {
    match url.strip_prefix("unix://") {
        Some(path) => Box::new(soon(UnixStream::connect(PathBuf::from(path))).await.unwrap()),
        None => Box::new(soon(TcpStream::connect(host(url))).await.unwrap()),
    }
}

/// A client that keeps its connection.
pub(super) enum TestClient {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

/// A response.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) close: bool,
    pub(super) text: String,
}

impl TestClient {
    pub(super) async fn new(stream: Box<dyn Stream>, version: Version) -> Self {
        let io = TokioIo::new(stream);
        if version == Version::HTTP_2 {
            let (client, connection) =
                soon(http2::handshake(TokioExecutor::new(), io)).await.unwrap();
            tokio::spawn(connection);
            Self::Http2(client)
        } else {
            let (client, connection) = soon(http1::handshake(io)).await.unwrap();
            tokio::spawn(connection);
            Self::Http1(client)
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> hyper::Result<Answered> {
        let request = Request::get(format!("http://localhost{path}")).body(Empty::new()).unwrap();
        let response = match self {
            Self::Http1(client) => soon(client.send_request(request)).await?,
            Self::Http2(client) => soon(client.send_request(request)).await?,
        };
        assert!(!response.headers().contains_key("server"));
        assert!(response.headers().contains_key("date"));
        let status = response.status();
        let close = response.headers().get("connection").is_some_and(|value| value == "close");
        let body = soon(response.into_body().collect()).await?.to_bytes();
        Ok(Answered { status, close, text: String::from_utf8(body.to_vec()).unwrap() })
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(client) => client.is_closed(),
            Self::Http2(client) => client.is_closed(),
        }
    }
}
