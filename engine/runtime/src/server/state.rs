use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{HeaderName, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response, StatusCode};
use tracing::{Instrument, Span, debug, debug_span, info_span};

use super::api::diagnostics;
use super::api::kubernetes::{self, AdmissionError};
use super::api::opa::{self, OpaError};
use super::decide::Call;
use super::http::auth::Tokens;
use super::http::body::{self, BodyError, Coding};
use super::http::concurrency::Gate;
use super::http::memory_budget::{Exhausted, MemoryBudget};
use super::http::query::Query;
use super::http::response::{self, Reply};
use super::http::route::{DataApi, Dialect, NoRoute, Path, Route, dialect};
use super::http::well_formed;
use super::http::yaml_body;
use super::listen::{Answer, Peer, RequestBody};
use super::policy::deployment::Deployment;
use super::trace::{Spans, Trace};
use crate::config::Limits;
use crate::decision_log::DecisionLog;
use crate::program::Program;
use crate::telemetry::Metrics;

/// What is asked where a request names nothing, and nothing is set for that: as with OPA.
const DEFAULT_DECISION: &str = "system/main";

/// The longest id of a request that is taken over into logs.
pub(super) const MAX_REQUEST_ID: usize = 128;

/// What an API server calls itself where it calls webhooks.
const API_SERVER: HeaderValue = HeaderValue::from_static("kube-apiserver-admission");

/// What stays while the server runs.
pub(super) struct App {
    /// What a reload changes, as a whole.
    pub(super) state: ArcSwap<State>,
    pub(super) metrics: Metrics,
    /// Of connections, requests and answers.
    pub(super) memory: Arc<MemoryBudget>,
    /// Of answers to operators, who see the server also when the other is used up.
    pub(super) operators_memory: Arc<MemoryBudget>,
    /// The same where nothing else is answered, which no client of decisions can use up.
    pub(super) diagnostic_memory: Arc<MemoryBudget>,
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
    pub(super) limits: Limits,
    /// What is asked where a request names nothing, if that is set.
    pub(super) default_decision: Option<Path>,
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
    async fn answer(&self, request: Request<RequestBody>, peer: &Peer) -> Response<Full<Bytes>> {
        self.0.answer(request, peer, true).await
    }

    fn turned_away(&self, status: StatusCode) {
        self.0.metrics.requests.responded(status);
    }
}

impl Answer for Diagnostics {
    async fn answer(&self, request: Request<RequestBody>, peer: &Peer) -> Response<Full<Bytes>> {
        self.0.answer(request, peer, false).await
    }

    fn turned_away(&self, status: StatusCode) {
        self.0.metrics.requests.responded(status);
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
        let takes_gzip = response::takes_gzip(&head.headers);
        let state = self.state.load_full();
        let memory = match route {
            _ if !decides => &self.diagnostic_memory,
            Ok(Route::Health(_) | Route::Metrics) => &self.operators_memory,
            _ => &self.memory,
        };
        let question = self.question(&state, &head, route, decides);
        let clients = dialect(head.uri.path());
        // It lies in the buffer of its connection, which without it serves for the next as well.
        drop(head);
        let reply = match question {
            Ok(Question { route, dialect, coding, yaml, query, request_id }) => {
                let traced = &traced;
                let call = Call { query, request_id, traced, peer, received, started };
                let answer = self.decide(&state, &call, route, dialect, (coding, yaml), body);
                answer.instrument(span.clone()).await
            }
            Err(reply) => reply,
        };
        let mut sent =
            response::sent(takes_gzip, reply, memory, |exhausted| no_memory(clients, exhausted));
        // There may have been no memory for the answer that was made.
        let status = sent.status();
        span.in_scope(|| {
            debug!(status = status.as_u16(), elapsed = ?started.elapsed(), "answered");
        });
        self.metrics.requests.responded(status);
        traced.answered(status);
        if let Some(header) = traced.trace().and_then(Trace::header) {
            sent.headers_mut().insert(HeaderName::from_static("traceparent"), header);
        }
        sent
    }

    /// What is to be decided, by the head of a request alone.
    ///
    /// # Errors
    /// The answer, where there is nothing to decide.
    #[expect(clippy::result_large_err, reason = "an answer is what it is for, and not passed on")]
    fn question(
        &self,
        state: &State,
        head: &Parts,
        route: Result<Route, NoRoute>,
        decides: bool,
    ) -> Result<Question, Reply> {
        let path = head.uri.path();
        let dialect = dialect(path);
        well_formed::check(head)
            .map_err(|problem| refused(dialect, problem.status(), problem.to_string()))?;
        let route = match route {
            Ok(route @ (Route::Health(_) | Route::Metrics)) => route,
            Ok(route) if decides => route,
            Ok(_) | Err(NoRoute::NotFound) => {
                let message =
                    format!("nothing is at `{path}`: `/openapi.json` tells what is where");
                // A webhook's path may be wrong from its start.
                let asks_for_admission = head.headers.get(USER_AGENT) == Some(&API_SERVER);
                let dialect = if asks_for_admission { Dialect::Kubernetes } else { dialect };
                return Err(refused(dialect, StatusCode::NOT_FOUND, message));
            }
            Err(NoRoute::Encoding) => {
                let message = "the path is not UTF-8 once it is decoded".to_owned();
                return Err(refused(dialect, StatusCode::BAD_REQUEST, message));
            }
            Err(NoRoute::Method(methods)) => {
                let error = OpaError::method(&head.method, methods);
                let reply = match dialect {
                    Dialect::Opa => error.reply(),
                    Dialect::Kubernetes => AdmissionError::new(error.status, error.message).reply(),
                };
                return Err(response::allowing(methods, reply));
            }
        };
        let free = !decides || matches!(route, Route::Health(_));
        if !free && self.tokens.as_ref().is_some_and(|it| !it.admit(&head.headers)) {
            return Err(match dialect {
                Dialect::Opa => OpaError::unauthorized().reply(),
                Dialect::Kubernetes => {
                    let message = OpaError::unauthorized().message;
                    AdmissionError::new(StatusCode::UNAUTHORIZED, message).reply()
                }
            });
        }
        let query = Query::of(head.uri.query())
            .map_err(|message| refused(dialect, StatusCode::BAD_REQUEST, message))?;
        Err(match route {
            Route::Health(health) => diagnostics::health(self, state, health, &query),
            Route::Metrics => diagnostics::metrics(self),
            Route::OpenApi => diagnostics::openapi(),
            Route::Policies => opa::policies(state),
            Route::Policy(path) => opa::policy(state, &path).unwrap_or_else(|error| error.reply()),
            Route::Config => opa::config(state),
            Route::Data(..) | Route::Default | Route::Batch(_) | Route::Admission(..) => {
                let coding = Coding::of(&head.headers).map_err(|error| unread(dialect, &error))?;
                let yaml = dialect == Dialect::Opa && yaml_body::is_announced(&head.headers);
                let request_id = request_id(&head.headers);
                return Ok(Question { route, dialect, coding, yaml, query, request_id });
            }
        })
    }

    async fn decide<B>(
        &self,
        state: &State,
        call: &Call<'_>,
        route: Route,
        dialect: Dialect,
        (coding, yaml): (Coding, bool),
        body: B,
    ) -> Reply
    where
        B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
    {
        let read = body::read(coding, body, &state.limits, &self.memory).await;
        let limit = state.limits.body;
        let body = match read {
            Ok(body) if yaml => yaml_body::to_json(&body, limit, &self.memory),
            read => read,
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => return unread(dialect, &error),
        };
        match route {
            Route::Data(api, path) => opa::data(self, state, call, api, &path, body)
                .await
                .unwrap_or_else(|error| error.reply()),
            Route::Default => {
                let unset = Path::new(DEFAULT_DECISION);
                let path = state.default_decision.as_ref().unwrap_or(&unset);
                opa::data(self, state, call, DataApi::V0, path, body)
                    .await
                    .unwrap_or_else(|error| error.reply())
            }
            Route::Batch(path) => opa::batch(self, state, call, &path, body)
                .await
                .unwrap_or_else(|error| error.reply()),
            Route::Admission(endpoint, path) => {
                kubernetes::review(self, state, call, endpoint, &path, body)
                    .await
                    .unwrap_or_else(AdmissionError::reply)
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
fn span(head: &Parts, trace: Option<&Trace>) -> Span {
    let path = head.uri.path();
    match trace {
        None => debug_span!("request", method = %head.method, path),
        Some(Trace { trace_id, span_id, parent_id, .. }) => {
            info_span!("request", method = %head.method, path, trace_id, span_id, parent_id)
        }
    }
}

/// What a request asks of a policy, its body aside.
struct Question {
    route: Route,
    dialect: Dialect,
    coding: Coding,
    /// Whether the body is YAML.
    yaml: bool,
    query: Query,
    request_id: Option<Arc<str>>,
}

fn refused(dialect: Dialect, status: StatusCode, message: String) -> Reply {
    match dialect {
        Dialect::Kubernetes => AdmissionError::new(status, message).reply(),
        Dialect::Opa if status == StatusCode::NOT_FOUND => OpaError::not_found(message).reply(),
        Dialect::Opa => OpaError { status, ..OpaError::invalid_parameter(message) }.reply(),
    }
}

/// An answer that there is no memory for.
fn no_memory(dialect: Dialect, exhausted: Exhausted) -> Reply {
    let message = format!("the answer: {exhausted}");
    match dialect {
        Dialect::Opa => OpaError { message, ..OpaError::exhausted(exhausted) }.reply(),
        Dialect::Kubernetes => AdmissionError::new(exhausted.status(), message).reply(),
    }
}

/// A body that there is none of.
fn unread(dialect: Dialect, error: &BodyError) -> Reply {
    match dialect {
        Dialect::Opa => OpaError::body(error).reply(),
        Dialect::Kubernetes => AdmissionError::body(error).reply(),
    }
}

/// The caller's own id of the request, where it gives one that could stand in a log.
fn request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    headers
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .filter(|id| id.len() <= MAX_REQUEST_ID)
        .map(Arc::from)
}
