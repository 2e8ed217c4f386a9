//! No spans: ids alone, of what clients trace.

#![expect(
    clippy::unused_self,
    clippy::unused_async,
    clippy::unnecessary_wraps,
    reason = "it is called as the other is, which has something to do"
)]

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;
use uuid::Uuid;

use super::Trace;
use crate::server::http::route::Route;
use crate::server::policy::{Answer, NoAnswer, Served};

/// What makes the spans.
pub(crate) struct Spans;

/// A request's part of its client's trace.
pub(crate) struct RequestSpan(Option<Trace>);

/// One evaluation's.
pub(crate) struct EvaluationSpan;

impl Spans {
    pub(crate) fn start() -> Result<Self, String> {
        Ok(Self)
    }

    pub(crate) fn request(&self, head: &Parts, _: Option<&Route>) -> RequestSpan {
        RequestSpan(Trace::of(&head.headers))
    }

    pub(crate) async fn close(&self, _: Duration) {}
}

impl RequestSpan {
    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.0.as_ref()
    }

    pub(crate) fn evaluation(&self, _: &Served, _: bool) -> EvaluationSpan {
        EvaluationSpan
    }

    pub(crate) fn answered(&self, _: StatusCode) {}
}

impl EvaluationSpan {
    pub(crate) fn decided(self, _: &Served, _: &Result<Answer, NoAnswer>, _: Option<Uuid>) {}
}
