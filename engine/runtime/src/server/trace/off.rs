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
use crate::server::route::Route;
use crate::server::served::{Answer, NoAnswer, Served};

/// What makes the spans.
pub(in crate::server) struct Spans;

/// A request's part of its client's trace.
pub(in crate::server) struct RequestSpan(Option<Trace>);

/// One evaluation's.
pub(in crate::server) struct EvaluationSpan;

impl Spans {
    pub(in crate::server) fn start() -> Result<Self, String> {
        Ok(Self)
    }

    pub(in crate::server) fn request(&self, head: &Parts, _: Option<&Route>) -> RequestSpan {
        RequestSpan(Trace::of(&head.headers))
    }

    pub(in crate::server) async fn close(&self, _: Duration) {}
}

impl RequestSpan {
    pub(in crate::server) fn trace(&self) -> Option<&Trace> {
        self.0.as_ref()
    }

    pub(in crate::server) fn evaluation(&self, _: &Served, _: bool) -> EvaluationSpan {
        EvaluationSpan
    }

    pub(in crate::server) fn answered(&self, _: StatusCode) {}
}

impl EvaluationSpan {
    pub(in crate::server) fn decided(
        self,
        _: &Served,
        _: &Result<Answer, NoAnswer>,
        _: Option<Uuid>,
    ) {
    }
}
