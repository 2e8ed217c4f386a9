use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::{LONG, id_of};
use crate::config::{self, LogDestination};

/// What a collector does with an upload.
#[derive(Debug, Clone, Copy)]
pub(super) enum Behaviour {
    Take,
    /// With a status, and for how many seconds it wants to be left alone.
    Refuse(u16, Option<u64>),
    /// It never answers.
    Stall,
    /// It takes it and hangs up before it says so.
    HangUp,
    /// It takes no more bytes than so many.
    Limit(usize),
}

/// A collector on loopback.
pub(super) struct Collector {
    address: SocketAddr,
    seen: Arc<Seen>,
    tls: Option<TlsAcceptor>,
    server: JoinHandle<()>,
}

struct Seen {
    behaviour: Mutex<Behaviour>,
    taken: Mutex<Vec<Upload>>,
    /// Uploads that came, taken or not.
    attempts: Mutex<usize>,
    connections: Mutex<usize>,
}

/// An upload that was taken.
#[derive(Clone)]
pub(super) struct Upload {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) bytes: usize,
    pub(super) events: Vec<Value>,
}

impl Collector {
    pub(super) async fn start(behaviour: Behaviour) -> Self {
        Self::start_with(behaviour, None).await
    }

    pub(super) async fn start_with(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let seen = Arc::new(Seen {
            behaviour: Mutex::new(behaviour),
            taken: Mutex::default(),
            attempts: Mutex::default(),
            connections: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(listener, Arc::clone(&seen), tls.clone()));
        Self { address, seen, tls, server }
    }

    /// Closes its port and every connection, whatever is under way.
    pub(super) async fn kill(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    /// On the port that it had.
    pub(super) async fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.server = tokio::spawn(serve(listener, Arc::clone(&self.seen), self.tls.clone()));
    }

    pub(super) fn behave(&self, behaviour: Behaviour) {
        *self.seen.behaviour.lock().unwrap() = behaviour;
    }

    pub(super) fn uploads(&self) -> Vec<Upload> {
        self.seen.taken.lock().unwrap().clone()
    }

    /// The numbers of the events that it took, as they came.
    pub(super) fn ids(&self) -> Vec<u32> {
        self.uploads().iter().flat_map(|upload| &upload.events).map(id_of).collect()
    }

    pub(super) fn attempts(&self) -> usize {
        *self.seen.attempts.lock().unwrap()
    }

    pub(super) fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    /// How to reach it, without delays that a test would have to wait for.
    pub(super) fn config(&self) -> config::CollectorConfig {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        config::CollectorConfig {
            url: format!("{scheme}://{}/opa/", self.address),
            token: None,
            ca: None,
            upload: 4096,
            delay: Duration::from_millis(5),
            timeout: LONG,
            max_retry_delay: Duration::from_millis(100),
        }
    }

    pub(super) fn log(&self) -> config::DecisionLogConfig {
        super::config(LogDestination::Collector(self.config()))
    }

    /// The same with a timeout that a test can wait for, where it stalls.
    pub(super) fn impatient_log(&self) -> config::DecisionLogConfig {
        let timeout = Duration::from_secs(1);
        let to = config::CollectorConfig { timeout, ..self.config() };
        super::config(LogDestination::Collector(to))
    }

    /// The same where time alone sends nothing: only full uploads, and the last on shutdown.
    pub(super) fn patient_log(&self) -> config::DecisionLogConfig {
        let delay = Duration::from_hours(1);
        let to = config::CollectorConfig { delay, ..self.config() };
        super::config(LogDestination::Collector(to))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, seen: Arc<Seen>, tls: Option<TlsAcceptor>) {
    // They end with this task.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        *seen.connections.lock().unwrap() += 1;
        let (seen, tls) = (Arc::clone(&seen), tls.clone());
        connections.spawn(async move {
            match tls {
                None => converse(stream, seen).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, seen).await;
                    }
                }
            }
        });
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, seen: Arc<Seen>) {
    let service = service_fn(|request| answer(request, &seen));
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, seen: &Seen) -> io::Result<Response<Empty<Bytes>>> {
    let (head, body) = request.into_parts();
    let gzip = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let text = io::read_to_string(GzDecoder::new(&gzip[..]))?;
    *seen.attempts.lock().unwrap() += 1;
    let behaviour = *seen.behaviour.lock().unwrap();
    let take = || {
        seen.taken.lock().unwrap().push(Upload {
            path: head.uri.path().to_owned(),
            headers: head.headers.clone(),
            bytes: text.len(),
            events: serde_json::from_str(&text).unwrap(),
        });
    };
    let mut response = Response::new(Empty::new());
    let mut say = |status: u16| *response.status_mut() = status.try_into().unwrap();
    match behaviour {
        Behaviour::Take => {
            take();
            say(204);
        }
        Behaviour::Refuse(status, after) => {
            say(status);
            let headers = response.headers_mut();
            headers.insert("location", "/elsewhere".parse().unwrap());
            if let Some(after) = after {
                headers.insert("retry-after", after.into());
            }
        }
        Behaviour::Stall => std::future::pending().await,
        Behaviour::HangUp => {
            take();
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Behaviour::Limit(bytes) if text.len() > bytes => say(413),
        Behaviour::Limit(_) => take(),
    }
    Ok(response)
}
