use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;
use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::HeaderName;
use hyper::{HeaderMap, Request, Response, StatusCode};
use tracing::{Instrument, Span, debug, debug_span, info_span};

use super::auth::Tokens;
use super::body;
use super::deployment::Deployment;
use super::diagnostics;
use super::gate::Gate;
use super::kubernetes::{self, AdmissionError};
use super::listen::{Answer, Peer};
use super::opa::{self, OpaError};
use super::query::Query;
use super::recorder::Call;
use super::response::{self, Reply};
use super::room::Room;
use super::route::{Dialect, NoRoute, Route, dialect};
use super::trace::{RequestSpan, Spans, Trace};
use crate::config::Limits;
use crate::decision_log::DecisionLog;
use crate::metrics::Metrics;
use crate::program::Program;

/// The longest id of a request that is taken over into logs.
pub(super) const MAX_REQUEST_ID: usize = 128;

/// What stays while the server runs.
pub(super) struct App {
    /// What a reload changes, as a whole.
    pub(super) state: ArcSwap<State>,
    pub(super) metrics: Metrics,
    pub(super) decision_log: Option<DecisionLog>,
    pub(super) tokens: Option<Tokens>,
    pub(super) spans: Spans,
    /// Whether new requests are welcome.
    pub(super) ready: AtomicBool,
    pub(super) program: Program,
}

/// What a configuration makes.
pub(super) struct State {
    pub(super) deployment: Deployment,
    pub(super) gate: Arc<Gate>,
    pub(super) room: Arc<Room>,
    pub(super) limits: Limits,
    /// Of the decision log's events, as `/v1/config` tells them.
    pub(super) labels: BTreeMap<String, String>,
}

/// Answers everything.
#[derive(Clone)]
pub(super) struct Decisions(pub(super) Arc<App>);

/// Answers health and metrics alone, and asks for no token.
#[derive(Clone)]
pub(super) struct Diagnostics(pub(super) Arc<App>);

impl Answer for Decisions {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Full<Bytes>> {
        self.0.answer(request, peer, true).await
    }
}

impl Answer for Diagnostics {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Full<Bytes>> {
        self.0.answer(request, peer, false).await
    }
}

impl App {
    async fn answer<B>(
        &self,
        request: Request<B>,
        peer: &Peer,
        decides: bool,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
    {
        let (started, received) = (Instant::now(), SystemTime::now());
        let (head, body) = request.into_parts();
        let route = Route::of(&head.method, head.uri.path());
        let traced = self.spans.request(&head, route.as_ref().ok());
        let span = span(&head, traced.trace());
        let asked = Received { head: &head, traced: &traced, peer, at: (received, started) };
        let state = self.state.load_full();
        let reply = self.reply(&state, asked, route, body, decides).instrument(span.clone()).await;
        span.in_scope(|| {
            debug!(status = reply.status().as_u16(), elapsed = ?started.elapsed(), "answered");
        });
        self.metrics.requests.responded(reply.status());
        traced.answered(reply.status());
        let mut sent = response::sent(&head.headers, reply, &state.room);
        if let Some(header) = traced.trace().and_then(Trace::header) {
            sent.headers_mut().insert(HeaderName::from_static("traceparent"), header);
        }
        sent
    }

    async fn reply<B>(
        &self,
        state: &State,
        asked: Received<'_>,
        route: Result<Route, NoRoute>,
        body: B,
        decides: bool,
    ) -> Reply
    where
        B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
    {
        let path = asked.head.uri.path();
        let dialect = dialect(path);
        let route = match route {
            Ok(route @ (Route::Health(_) | Route::Metrics)) => route,
            Ok(route) if decides => route,
            Ok(_) | Err(NoRoute::NotFound) => {
                let message =
                    format!("nothing is at `{path}`: `/openapi.json` tells what is where");
                return refused(dialect, StatusCode::NOT_FOUND, message);
            }
            Err(NoRoute::Encoding) => {
                let message = "the path is not UTF-8 once it is decoded".to_owned();
                return refused(dialect, StatusCode::BAD_REQUEST, message);
            }
            Err(NoRoute::Method(methods)) => {
                let error = OpaError::method(&asked.head.method, methods);
                let reply = match dialect {
                    Dialect::Opa => error.reply(),
                    Dialect::Kubernetes => AdmissionError::new(error.status, error.message).reply(),
                };
                return response::allowing(methods, reply);
            }
        };
        let free = !decides || matches!(route, Route::Health(_));
        if !free && self.tokens.as_ref().is_some_and(|it| !it.admit(&asked.head.headers)) {
            return match dialect {
                Dialect::Opa => OpaError::unauthorized().reply(),
                Dialect::Kubernetes => {
                    let message = OpaError::unauthorized().message;
                    AdmissionError::new(StatusCode::UNAUTHORIZED, message).reply()
                }
            };
        }
        let query = match Query::of(asked.head.uri.query()) {
            Ok(query) => query,
            Err(message) => return refused(dialect, StatusCode::BAD_REQUEST, message),
        };
        match route {
            Route::Health(health) => diagnostics::health(self, state, health, &query),
            Route::Metrics => diagnostics::metrics(self),
            Route::OpenApi => diagnostics::openapi(),
            Route::Policies => opa::policies(state),
            Route::Policy(path) => opa::policy(state, &path).unwrap_or_else(|error| error.reply()),
            Route::Config => opa::config(state),
            Route::Data(..) | Route::Batch(_) | Route::Admission(..) => {
                self.decide(state, asked, query, route, body).await
            }
        }
    }

    async fn decide<B>(
        &self,
        state: &State,
        asked: Received<'_>,
        query: Query,
        route: Route,
        body: B,
    ) -> Reply
    where
        B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
    {
        let headers = &asked.head.headers;
        let dialect = dialect(asked.head.uri.path());
        let body = match body::read(headers, body, &state.limits, &state.room).await {
            Ok(body) => body,
            Err(error) => {
                return match dialect {
                    Dialect::Opa => OpaError::body(&error).reply(),
                    Dialect::Kubernetes => AdmissionError::body(&error).reply(),
                };
            }
        };
        let call = Call {
            query,
            request_id: request_id(headers),
            traced: asked.traced,
            peer: asked.peer,
            received: asked.at.0,
            started: asked.at.1,
        };
        match route {
            Route::Data(api, path) => opa::data(self, state, &call, api, &path, body)
                .await
                .unwrap_or_else(|error| error.reply()),
            Route::Batch(path) => opa::batch(self, state, &call, &path, body)
                .await
                .unwrap_or_else(|error| error.reply()),
            Route::Admission(endpoint, path) => {
                kubernetes::review(self, state, &call, endpoint, &path, body)
                    .await
                    .unwrap_or_else(|error| error.reply())
            }
            // The others have no body and were answered before.
            _ => OpaError::not_found("nothing is here").reply(),
        }
    }

    pub(super) fn not_ready(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

/// What stands beside whatever is logged of a request. One that its client traces is seen to it at
/// every level; to have it for each of the others costs more than most policies do.
fn span(head: &hyper::http::request::Parts, trace: Option<&Trace>) -> Span {
    let path = head.uri.path();
    match trace {
        None => debug_span!("request", method = %head.method, path),
        Some(Trace { trace_id, span_id, parent_id, .. }) => {
            info_span!("request", method = %head.method, path, trace_id, span_id, parent_id)
        }
    }
}

/// A request before it is known what it asks.
struct Received<'a> {
    head: &'a hyper::http::request::Parts,
    traced: &'a RequestSpan,
    peer: &'a Peer,
    /// By the clock on the wall, and by one that only goes on.
    at: (SystemTime, Instant),
}

fn refused(dialect: Dialect, status: StatusCode, message: String) -> Reply {
    match dialect {
        Dialect::Kubernetes => AdmissionError::new(status, message).reply(),
        Dialect::Opa if status == StatusCode::NOT_FOUND => OpaError::not_found(message).reply(),
        Dialect::Opa => OpaError::invalid_parameter(message).reply(),
    }
}

/// The caller's own id of the request; empty where it gives none that could stand in a log.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    headers
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .filter(|id| id.len() <= MAX_REQUEST_ID)
        .map_or_else(|| Arc::from(""), Arc::from)
}
