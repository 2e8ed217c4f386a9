//! A server, and clients of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::config::{Address, Limits, Tls};
use crate::server::http::memory_budget::MemoryBudget;
use crate::server::listen::listener::Stream;
use crate::server::listen::{Listeners, Peer, RequestBody, RequestHandler, ShutdownPhase, Surface};
use crate::server::systemd::InheritedSockets;
use crate::telemetry::{ConnectionMetrics, Metrics};
pub(super) use crate::testing::limits;

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that no socket's buffers hold.
pub(super) const BIG: usize = 32 << 20;

/// Waits for what must come.
pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("must come")
}

/// Waits until something is so.
pub(super) async fn until(so: impl Fn() -> bool) {
    soon(async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Answers with the version of HTTP and who asks; `/wait` waits until it is told to go on, and
/// `/big` is more than a socket holds.
#[derive(Debug, Clone)]
pub(super) struct TestHandler {
    go: Arc<Semaphore>,
    big: Bytes,
}

impl RequestHandler for TestHandler {
    async fn handle(
        &self,
        request: Request<RequestBody>,
        _surface: Surface,
        peer: &Peer,
    ) -> Response<Full<Bytes>> {
        let text = match request.uri().path() {
            "/big" => self.big.clone(),
            "/wait" => {
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
pub(super) struct Server {
    pub(super) addresses: Vec<String>,
    pub(super) diagnostics: Vec<String>,
    pub(super) phase: watch::Sender<ShutdownPhase>,
    pub(super) limits: watch::Sender<Limits>,
    pub(super) metrics: ConnectionMetrics,
    pub(super) running: JoinHandle<usize>,
    go: Arc<Semaphore>,
}

/// Any port of this machine.
pub(super) fn any_port() -> Address {
    Address::Http("127.0.0.1:0".parse().unwrap())
}

impl Server {
    /// On any port.
    pub(super) async fn start(limits: Limits) -> Self {
        Self::at(&[any_port()], None, limits).await
    }

    pub(super) async fn at(listen: &[Address], tls: Option<&Tls>, limits: Limits) -> Self {
        let listeners =
            Listeners::bind(listen, &[any_port()], 0o600, tls, InheritedSockets::default())
                .await
                .unwrap();
        let addresses = listeners.addresses().map(str::to_owned).collect();
        let diagnostics = listeners.diagnostic_addresses().map(str::to_owned).collect();
        let metrics = Metrics::new().unwrap().connections;
        let (phase, phases) = watch::channel(ShutdownPhase::Serving);
        let (limits, limit) = watch::channel(limits);
        let go = Arc::new(Semaphore::new(0));
        let answer = TestHandler { go: Arc::clone(&go), big: vec![b' '; BIG].into() };
        let memory = MemoryBudget::new(64 << 20);
        let running = listeners.run(answer, limit, memory, metrics.clone(), phases);
        let running = tokio::spawn(running);
        Self { addresses, diagnostics, phase, limits, metrics, running, go }
    }

    /// Connections that the server closed for a reason.
    pub(super) fn closed(&self, reason: &str) -> u64 {
        self.metrics.closed.with_label_values(&[reason]).get()
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
pub(super) enum Client {
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

impl Client {
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
