//! Health, metrics and the API's description, for operators and their tools.

mod health;
mod metrics;
mod openapi;
mod route;

use std::convert::Infallible;

use hyper::body::Bytes;
use hyper::http::request::Parts;

#[cfg(test)]
pub(super) use self::openapi::OPENAPI;
use self::route::DiagnosticInfo;
use super::definition::{Api, Audience, Route, Routed};
use super::opa::Opa;
use crate::server::decide::RequestContext;
use crate::server::http::error::HttpError;
use crate::server::http::query::Query;
use crate::server::http::response::Reply;
use crate::server::state::{App, AppState};

/// Diagnostics. No policy decides, and errors are as in OPA's API.
pub(crate) struct Diagnostics;

impl Api for Diagnostics {
    type Info = DiagnosticInfo;
    type Question = Infallible;

    fn route(head: &Parts) -> Option<Routed<DiagnosticInfo, Infallible>> {
        route::find(&head.method, head.uri.path())
    }

    fn template(route: &Route<DiagnosticInfo, Infallible>) -> &'static str {
        route::template(route)
    }

    fn audience(info: &DiagnosticInfo) -> Audience {
        match info {
            DiagnosticInfo::Health(_) => Audience::Probes,
            DiagnosticInfo::Metrics => Audience::Operators,
            DiagnosticInfo::OpenApi => Audience::Clients,
        }
    }

    async fn inform(app: &App, state: &AppState, info: DiagnosticInfo, query: &Query) -> Reply {
        match info {
            DiagnosticInfo::Health(check) => health::health(app, state, check, query),
            DiagnosticInfo::Metrics => metrics::metrics(app),
            DiagnosticInfo::OpenApi => openapi::openapi(),
        }
    }

    async fn decide(_: &RequestContext<'_>, never: Infallible, _: Bytes) -> Reply {
        match never {}
    }

    fn error(error: &HttpError) -> Reply {
        Opa::error(error)
    }
}
