use hyper::StatusCode;
use opentelemetry::trace::{Span, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};
use policy_api::Verdict;
use uuid::Uuid;

use crate::server::policy::{Answer, NoAnswer, Served};
use crate::server::trace::Trace;

/// A request's part of a trace. Its span ends with the answer, or without one when the client goes
/// away.
pub(crate) struct RequestSpan {
    trace: Option<Trace>,
    exported: Option<Exported>,
}

struct Exported {
    /// It holds the span, above those of evaluations.
    context: Context,
    tracer: SdkTracer,
}

/// One evaluation's.
pub(crate) struct EvaluationSpan(Option<Evaluating>);

struct Evaluating {
    span: SdkSpan,
    /// The request's, where it asks one question: then that one tells what was decided.
    request: Option<Context>,
}

impl RequestSpan {
    pub(super) fn exported(trace: Trace, context: Context, tracer: SdkTracer) -> Self {
        Self { trace: Some(trace), exported: Some(Exported { context, tracer }) }
    }

    pub(super) fn not_exported(trace: Option<Trace>) -> Self {
        Self { trace, exported: None }
    }

    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Begins the span of an evaluation, which is `alone` or one of the request's several.
    pub(crate) fn evaluation(&self, served: &Served, alone: bool) -> EvaluationSpan {
        EvaluationSpan(self.exported.as_ref().map(|Exported { context, tracer }| Evaluating {
            span: tracer.start_with_context(format!("evaluate {}", served.id), context),
            request: alone.then(|| context.clone()),
        }))
    }

    pub(crate) fn answered(&self, status: StatusCode) {
        let Some(Exported { context, .. }) = &self.exported else { return };
        let span = context.span();
        let code = status.as_u16();
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(code)));
        if status.is_server_error() {
            span.set_attribute(KeyValue::new("error.type", code.to_string()));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

impl EvaluationSpan {
    /// Ends it with what the policy says.
    pub(crate) fn decided(
        self,
        served: &Served,
        answer: &Result<Answer, NoAnswer>,
        decision_id: Option<Uuid>,
    ) {
        let Some(Evaluating { mut span, request }) = self.0 else { return };
        // Not why, as an input's own words may be in that: the decision log says it, redacted.
        if let Err(problem) = answer {
            span.set_attribute(KeyValue::new("error.type", kind(problem)));
            span.set_status(Status::error(""));
        }
        let mut attributes = vec![
            KeyValue::new("policy_engine.policy.id", served.id.clone()),
            KeyValue::new("policy_engine.policy.name", served.entry.name()),
            KeyValue::new("policy_engine.policy.version", served.version.clone()),
        ];
        let verdict = answer.as_ref().ok().and_then(|answer| answer.verdict).map(word);
        attributes.extend(verdict.map(|it| KeyValue::new("policy_engine.verdict", it)));
        let id = decision_id.map(|id| id.to_string());
        attributes.extend(id.map(|id| KeyValue::new("policy_engine.decision_id", id)));
        match request {
            Some(context) => context.span().set_attributes(attributes),
            None => span.set_attributes(attributes),
        }
        span.end();
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
    }
}

/// As the metrics count it.
fn kind(problem: &NoAnswer) -> &'static str {
    match problem {
        NoAnswer::Input(_) => "invalid_input",
        NoAnswer::Policy(_) => "failed",
        NoAnswer::Panicked(_) => "panicked",
        NoAnswer::TimedOut(_) => "timed_out",
        NoAnswer::Stuck(_) | NoAnswer::Busy | NoAnswer::Exhausted(_) => "shed",
    }
}
