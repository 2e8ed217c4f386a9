use hyper::StatusCode;
use opentelemetry::trace::{Span, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};
use policy_api::Verdict;
use uuid::Uuid;

use crate::server::policy::{EvaluationFailure, EvaluationOutput, ServedPolicy};
use crate::server::trace::Trace;

/// The span of a request. It ends with the response, or without one when the client goes away.
pub(crate) struct RequestSpan {
    trace: Option<Trace>,
    exported: Option<Exported>,
}

struct Exported {
    /// Holds the span, the parent of those of evaluations.
    context: Context,
    tracer: SdkTracer,
}

/// The span of an evaluation.
pub(crate) struct EvaluationSpan(Option<Evaluating>);

struct Evaluating {
    span: SdkSpan,
    /// The context of a request for one decision, whose span gets the attributes.
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
    pub(crate) fn evaluation(&self, policy: &ServedPolicy, alone: bool) -> EvaluationSpan {
        EvaluationSpan(self.exported.as_ref().map(|Exported { context, tracer }| Evaluating {
            span: tracer.start_with_context(format!("evaluate {}", policy.id), context),
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
    /// Ends the span with the result of the evaluation.
    pub(crate) fn decided(
        self,
        policy: &ServedPolicy,
        result: &Result<EvaluationOutput, EvaluationFailure>,
        decision_id: Option<Uuid>,
    ) {
        let Some(Evaluating { mut span, request }) = self.0 else { return };
        // The message is left out, as it may quote the input: the decision log has it, redacted.
        if let Err(failure) = result {
            span.set_attribute(KeyValue::new("error.type", kind(failure)));
            span.set_status(Status::error(""));
        }
        let mut attributes = vec![
            KeyValue::new("policy_engine.policy.id", policy.id.clone()),
            KeyValue::new("policy_engine.policy.name", policy.entry.name()),
            KeyValue::new("policy_engine.policy.version", policy.version.clone()),
        ];
        let verdict = result.as_ref().ok().and_then(|output| output.verdict).map(word);
        attributes.extend(verdict.map(|verdict| KeyValue::new("policy_engine.verdict", verdict)));
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

/// The name of a failure in metrics.
fn kind(failure: &EvaluationFailure) -> &'static str {
    match failure {
        EvaluationFailure::Input(_) => "invalid_input",
        EvaluationFailure::Policy(_) => "failed",
        EvaluationFailure::Panicked(_) => "panicked",
        EvaluationFailure::TimedOut(_) => "timed_out",
        EvaluationFailure::Refused(_) => "refused",
        EvaluationFailure::OverBudget(_) => "over_budget",
        EvaluationFailure::Suspended(_)
        | EvaluationFailure::Overloaded
        | EvaluationFailure::Exhausted(_) => "shed",
    }
}
