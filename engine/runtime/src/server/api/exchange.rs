//! One request from its head to its response, for any API.

use std::time::{Instant, SystemTime};

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use tracing::{Instrument, Span, debug, debug_span, info_span};

use super::definition::{Api, Audience, NoRoute, Route, Routed};
use super::kubernetes::Kubernetes;
use crate::server::decide::RequestContext;
use crate::server::http::body::{self, ContentCoding};
use crate::server::http::error::HttpError;
use crate::server::http::query::Query;
use crate::server::http::request_id::request_id;
use crate::server::http::response::{self, Reply};
use crate::server::http::{well_formed, yaml_body};
use crate::server::listen::{Peer, Surface};
use crate::server::state::App;
use crate::server::trace::Trace;

/// The user agent of an API server that calls a webhook.
const API_SERVER: HeaderValue = HeaderValue::from_static("kube-apiserver-admission");

/// The circumstances in which a request arrived.
pub(crate) struct Arrival<'a> {
    pub(crate) surface: Surface,
    pub(crate) peer: &'a Peer,
    pub(crate) started: Instant,
    pub(crate) received: SystemTime,
}

/// Answers a request whose path belongs to the API `A`.
pub(super) async fn run<A: Api, B>(
    app: &App,
    arrival: Arrival<'_>,
    route: Routed<A::Info, A::Question>,
    head: Parts,
    body: B,
) -> Response<Full<Bytes>>
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    let Arrival { surface, peer, started, received } = arrival;
    let audience = match &route {
        Ok(Route::Info(info)) => A::audience(info),
        Ok(Route::Decision(_)) | Err(_) => Audience::Clients,
    };
    // Health and metrics are polled all the time, and have no spans.
    let traced = match audience {
        Audience::Clients => app.spans.request(&head, route.as_ref().ok().map(A::template)),
        Audience::Operators | Audience::Probes => app.spans.unexported(&head),
    };
    let span = span(&head, traced.trace());
    let takes_gzip = response::takes_gzip(&head.headers);
    let state = app.state.load_full();
    let memory = match (surface, audience) {
        (Surface::Diagnostics | Surface::Console { .. }, _) => &app.diagnostic_memory,
        (Surface::Decisions, Audience::Clients) => &app.memory,
        (Surface::Decisions, Audience::Operators | Audience::Probes) => &app.operators_memory,
    };
    let dispatched = dispatch::<A>(app, &head, surface, audience, route);
    // The head lies in its connection's buffer, which is reused once the head is dropped.
    drop(head);
    let reply = match dispatched {
        Ok(Dispatch::Reply(reply)) => reply,
        Ok(Dispatch::Inform { info, query }) => A::inform(app, &state, info, &query).await,
        Ok(Dispatch::Decide { question, format, query, request_id }) => {
            let context = RequestContext {
                app,
                state: &state,
                query,
                request_id,
                traced: &traced,
                peer,
                received,
                started,
            };
            decide::<A, B>(&context, question, format, body).instrument(span.clone()).await
        }
        Err(error) => error_reply::<A>(&error),
    };
    let mut response = response::finish(takes_gzip, reply, memory, |exhausted| {
        error_reply::<A>(&HttpError::Response(exhausted))
    });
    // It is another one where there was no memory for the first.
    let status = response.status();
    span.in_scope(|| {
        debug!(status = status.as_u16(), elapsed = ?started.elapsed(), "answered");
    });
    app.metrics.requests.responded(status);
    traced.answered(status);
    if let Some(header) = traced.trace().and_then(Trace::header) {
        response.headers_mut().insert(HeaderName::from_static("traceparent"), header);
    }
    response
}

/// The next step for a request.
enum Dispatch<Info, Question> {
    /// There is nothing at this path.
    Reply(Reply),
    /// The server answers by itself.
    Inform { info: Info, query: Query },
    /// A policy has to decide.
    Decide {
        question: Question,
        format: BodyFormat,
        query: Query,
        request_id: Option<std::sync::Arc<str>>,
    },
}

/// The format of a body.
struct BodyFormat {
    coding: ContentCoding,
    is_yaml: bool,
}

/// Checks a request's head, and answers it if no policy has to decide.
fn dispatch<A: Api>(
    app: &App,
    head: &Parts,
    surface: Surface,
    audience: Audience,
    route: Routed<A::Info, A::Question>,
) -> Result<Dispatch<A::Info, A::Question>, HttpError> {
    well_formed::check(head)?;
    let route = match route {
        Ok(route) => route,
        Err(NoRoute::NotFound) => return not_found(head),
        Err(NoRoute::Encoding) => return Err(HttpError::PathEncoding),
        Err(NoRoute::Method(allowed)) => {
            return Err(HttpError::Method { method: head.method.clone(), allowed });
        }
    };
    let needs_token = match (surface, audience) {
        (Surface::Diagnostics | Surface::Console { .. }, Audience::Clients) => {
            return not_found(head);
        }
        (_, Audience::Probes)
        | (Surface::Diagnostics | Surface::Console { has_open_diagnostics: true }, _) => false,
        (Surface::Decisions | Surface::Console { .. }, _) => true,
    };
    if needs_token && app.tokens.as_ref().is_some_and(|tokens| !tokens.admit(&head.headers)) {
        return Err(HttpError::Unauthorized);
    }
    let query = Query::parse(head.uri.query())?;
    match route {
        Route::Info(info) => Ok(Dispatch::Inform { info, query }),
        Route::Decision(question) => Ok(Dispatch::Decide {
            question,
            format: BodyFormat {
                coding: ContentCoding::from_headers(&head.headers)?,
                is_yaml: A::TAKES_YAML && yaml_body::is_announced(&head.headers),
            },
            query,
            request_id: request_id(&head.headers),
        }),
    }
}

/// Answers a path that nothing is at. The whole path of a webhook may be wrong, so an API server
/// always gets the error in its own form.
fn not_found<Info, Question>(head: &Parts) -> Result<Dispatch<Info, Question>, HttpError> {
    let error = HttpError::NotFound { path: head.uri.path().to_owned() };
    if head.headers.get(USER_AGENT) == Some(&API_SERVER) {
        return Ok(Dispatch::Reply(error_reply::<Kubernetes>(&error)));
    }
    Err(error)
}

/// Reads a body and has the API decide.
async fn decide<A: Api, B>(
    context: &RequestContext<'_>,
    question: A::Question,
    format: BodyFormat,
    body: B,
) -> Reply
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    let (limits, memory) = (&context.state.limits, &context.app.memory);
    let body = match body::read(format.coding, body, limits, memory).await {
        Ok(body) if format.is_yaml => yaml_body::to_json(&body, limits.body, memory),
        result => result,
    };
    match body {
        Ok(body) => A::decide(context, question, body).await,
        Err(error) => error_reply::<A>(&HttpError::Body(error)),
    }
}

fn error_reply<A: Api>(error: &HttpError) -> Reply {
    let mut reply = A::error(error);
    if let HttpError::Method { allowed, .. } = error {
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    }
    reply
}

/// The span of a request, whose fields are in its log lines. A request that its client traces has it
/// at every level; for all others that would cost more than most policies do.
fn span(head: &Parts, trace: Option<&Trace>) -> Span {
    let path = head.uri.path();
    match trace {
        None => debug_span!("request", method = %head.method, path),
        Some(Trace { trace_id, span_id, parent_id, .. }) => {
            info_span!("request", method = %head.method, path, trace_id, span_id, parent_id)
        }
    }
}
