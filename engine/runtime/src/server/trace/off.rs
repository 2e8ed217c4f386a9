//! A build without spans: only the ids of clients' traces.

#![expect(
    clippy::unused_self,
    clippy::unused_async,
    clippy::unnecessary_wraps,
    reason = "the signatures are those of the other module"
)]

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;
use uuid::Uuid;

use super::Trace;
use crate::net::outbound::Destination;
use crate::server::policy::{EvaluationFailure, EvaluationOutput, ServedPolicy};

/// The exporter of spans.
pub(crate) struct Spans;

/// The span of a request.
pub(crate) struct RequestSpan(Option<Trace>);

/// The span of an evaluation.
pub(crate) struct EvaluationSpan;

impl Spans {
    pub(crate) fn destination() -> Result<Option<Destination>, String> {
        Ok(None)
    }

    pub(crate) fn start() -> Result<Self, String> {
        Ok(Self)
    }

    pub(crate) fn request(&self, head: &Parts, _: Option<&'static str>) -> RequestSpan {
        RequestSpan(Trace::from_headers(&head.headers))
    }

    pub(crate) fn unexported(&self, head: &Parts) -> RequestSpan {
        self.request(head, None)
    }

    pub(crate) async fn close(&self, _: Duration) {}
}

impl RequestSpan {
    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.0.as_ref()
    }

    pub(crate) fn evaluation(&self, _: &ServedPolicy, _: bool) -> EvaluationSpan {
        EvaluationSpan
    }

    pub(crate) fn answered(&self, _: StatusCode) {}
}

impl EvaluationSpan {
    pub(crate) fn decided(
        self,
        _: &ServedPolicy,
        _: &Result<EvaluationOutput, EvaluationFailure>,
        _: Option<Uuid>,
    ) {
    }
}
