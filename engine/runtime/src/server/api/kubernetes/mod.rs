//! Kubernetes' admission webhooks: `AdmissionReview` of `admission.k8s.io/v1` in and out.
//!
//! The policy's answer about an object, or its failure to give one, is in the review and reaches the
//! user who sent the object. A failure of this server is an HTTP error: the API server then follows
//! the webhook's `failurePolicy`, and shows the `Status` in the body.

mod error;
mod notes;
mod patch;
mod request;
mod response;
mod review;
mod route;
mod status;

use std::convert::Infallible;

use hyper::body::Bytes;
use hyper::http::request::Parts;

use self::error::AdmissionError;
use self::route::AdmissionQuestion;
use super::definition::{Api, Audience, Route, Routed};
use crate::server::decide::RequestContext;
use crate::server::http::error::HttpError;
use crate::server::http::query::Query;
use crate::server::http::response::Reply;
use crate::server::state::{App, AppState};

/// Kubernetes' admission webhooks.
pub(crate) struct Kubernetes;

impl Api for Kubernetes {
    type Info = Infallible;
    type Question = AdmissionQuestion;

    fn route(head: &Parts) -> Option<Routed<Infallible, AdmissionQuestion>> {
        route::find(&head.method, head.uri.path())
    }

    fn template(route: &Route<Infallible, AdmissionQuestion>) -> &'static str {
        route::template(route)
    }

    fn audience(never: &Infallible) -> Audience {
        match *never {}
    }

    async fn inform(_: &App, _: &AppState, never: Infallible, _: &Query) -> Reply {
        match never {}
    }

    async fn decide(
        context: &RequestContext<'_>,
        question: AdmissionQuestion,
        body: Bytes,
    ) -> Reply {
        review::answer(context, &question, body).await.unwrap_or_else(AdmissionError::reply)
    }

    fn error(error: &HttpError) -> Reply {
        AdmissionError::from_http(error).reply()
    }
}
