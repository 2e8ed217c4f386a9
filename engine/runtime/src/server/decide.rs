//! One decision: a policy is evaluated, and the result is logged. No API is known here.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use hyper::body::Bytes;
use policy_api::Verdict;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::http::memory_budget::{Exhausted, Reservation};
use super::http::query::Query;
use super::listen::Peer;
use super::policy::{Asked, EvaluationFailure, EvaluationOutput, EvaluationRequest, ServedPolicy};
use super::state::{App, AppState};
use super::trace::RequestSpan;
use crate::config::Mode;
use crate::decision_log::{DecisionLog, Event, EventError, Keep, Share};

/// A request, and the server that answers it.
pub(crate) struct RequestContext<'a> {
    pub(crate) app: &'a App,
    pub(crate) state: &'a AppState,
    pub(crate) query: Query,
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) traced: &'a RequestSpan,
    pub(crate) peer: &'a Peer,
    pub(crate) received: SystemTime,
    pub(crate) started: Instant,
}

/// One decision that a request asks for.
pub(crate) struct DecisionRequest<'a> {
    /// Bytes of memory that the request holds already.
    pub(crate) held: usize,
    /// The policy's path as the client wrote it.
    pub(crate) path: &'a str,
    /// JSON text; `None` where the client gave none, and the policy's input is `null`.
    pub(crate) input: Option<Bytes>,
    /// The id of the request, where it asks for several decisions.
    pub(crate) batch: Option<Uuid>,
    /// The id of the decision's own request, where it differs from the HTTP request's.
    pub(crate) request_id: Option<Arc<str>>,
    /// A denial is answered as one, even in the mode `monitor`.
    pub(crate) always_enforced: bool,
}

/// The result of a decision.
pub(crate) struct DecisionResult {
    /// The id of the event in the decision log, if there is one that is written.
    pub(crate) id: Option<Uuid>,
    pub(crate) result: Result<EvaluationOutput, EvaluationFailure>,
    /// The policy is only monitored: denials are answered as allowed.
    pub(crate) is_monitored: bool,
}

impl DecisionResult {
    /// The outcome of a decision that was not logged, as the policy was not asked.
    pub(crate) fn not_asked(failure: EvaluationFailure) -> Self {
        Self { id: None, result: Err(failure), is_monitored: false }
    }

    /// Tells whether this is a denial that is answered as allowed.
    pub(crate) fn is_monitored_denial(&self) -> bool {
        let verdict = self.result.as_ref().ok().and_then(|output| output.verdict);
        self.is_monitored && verdict == Some(Verdict::Denied)
    }
}

/// Evaluates a policy within the concurrency limit, and logs the decision.
pub(crate) async fn decide(
    context: &RequestContext<'_>,
    policy: &Arc<ServedPolicy>,
    request: DecisionRequest<'_>,
) -> DecisionResult {
    let app = context.app;
    let DecisionRequest { held, path, input, batch, request_id, always_enforced } = request;
    let request_id = request_id.or_else(|| context.request_id.clone());
    let is_monitored = policy.mode == Mode::Monitor && !always_enforced;
    let Ok(permit) = context.state.concurrency.acquire().await else {
        let result = Err(EvaluationFailure::Overloaded);
        return DecisionResult { id: None, result, is_monitored };
    };
    let log = app.decision_log.as_ref().map(|log| DecisionRecord {
        log,
        written: log.is_written().then(|| WrittenRecord {
            id: Uuid::new_v4(),
            memory: Reservation::beside(&app.memory, held),
        }),
        batch,
        path,
        input: input.clone(),
        request_id: request_id.clone(),
    });
    let id = log.as_ref().and_then(DecisionRecord::id);
    let input = input.unwrap_or(Bytes::from_static(b"null"));
    let shadow = policy.shadow.as_ref().filter(|shadow| shadow.samples_next());
    let shadow = shadow.map(|shadow| (shadow, input.clone(), request_id.clone()));
    let evaluation = EvaluationRequest {
        input,
        request_id,
        permit,
        memory: Reservation::beside(&app.memory, held),
    };
    let span = context.traced.evaluation(policy, batch.is_none());
    let mut result = policy.evaluate(evaluation).await;
    if let Some((shadow, input, request_id)) = shadow {
        shadow.offer(&Asked {
            input,
            result: &result,
            request_id,
            decision_id: id,
            is_busy: context.state.concurrency.is_busy(),
        });
    }
    let Some(mut record) = log else {
        span.decided(policy, &result, None);
        return DecisionResult { id, result, is_monitored };
    };
    if let Err(exhausted) = record.reserve(&result) {
        result = Err(EvaluationFailure::Exhausted(exhausted));
    }
    span.decided(policy, &result, id);
    record.write(context, policy, &result).await;
    DecisionResult { id, result, is_monitored }
}

/// A decision that is to be written to the log, or perhaps only kept for the console.
struct DecisionRecord<'a> {
    log: &'a DecisionLog,
    written: Option<WrittenRecord>,
    batch: Option<Uuid>,
    path: &'a str,
    input: Option<Bytes>,
    request_id: Option<Arc<str>>,
}

struct WrittenRecord {
    id: Uuid,
    /// The memory of the copy that waits for the log.
    memory: Reservation,
}

impl DecisionRecord<'_> {
    fn id(&self) -> Option<Uuid> {
        self.written.as_ref().map(|written| written.id)
    }

    /// Reserves memory for the event. Where there is none, the event has no input.
    fn reserve(
        &mut self,
        result: &Result<EvaluationOutput, EvaluationFailure>,
    ) -> Result<(), Exhausted> {
        let Some(written) = &mut self.written else { return Ok(()) };
        let output = result.as_ref().map_or(0, |output| output.text.len());
        let input = self.input.as_ref().map_or(0, Bytes::len);
        written.memory.grow(input.saturating_add(output)).inspect_err(|_| self.input = None)
    }

    async fn write(
        self,
        context: &RequestContext<'_>,
        policy: &ServedPolicy,
        result: &Result<EvaluationOutput, EvaluationFailure>,
    ) {
        let (output, failure) = (result.as_ref().ok(), result.as_ref().err());
        let verdict = output.and_then(|output| output.verdict);
        let share = match (failure, verdict) {
            (Some(_), _) | (None, Some(Verdict::Denied)) => Share::Denials,
            (None, Some(Verdict::Allowed) | None) => Share::Others,
        };
        let secrets = &context.state.secrets;
        let keep = self.log.keeps(share, context.started).then_some(Keep { share, secrets });
        if self.written.is_none() && keep.is_none() {
            return;
        }
        let message = failure.map(|failure| failure.message(&policy.id));
        let trace = context.traced.trace();
        let event = Event {
            decision_id: self.id().unwrap_or_else(Uuid::new_v4),
            batch_decision_id: self.batch,
            trace: trace.map(|trace| (trace.trace_id.as_str(), trace.span_id.as_str())),
            path: self.path,
            input: self.input.as_deref().and_then(raw_json),
            result: output.and_then(|output| raw_json(&output.text)),
            error: failure.map(|failure| EventError {
                code: failure.code(),
                message: message.as_deref().unwrap_or_default(),
                understood: failure.input_was_accepted(),
            }),
            requested_by: &context.peer.to_string(),
            received: context.received,
            evaluation: output.map(|output| output.elapsed).unwrap_or_default(),
            usage: output.map(|output| output.usage),
            request_id: self.request_id.as_deref().unwrap_or_default(),
            id: &policy.id,
            policy: policy.entry.name(),
            version: &policy.version,
            verdict,
            checks: output.map(|output| output.checks.as_slice()).unwrap_or_default(),
            mode: policy.mode,
        };
        self.log.record(&event, keep).await;
    }
}

/// JSON text as it stands; `None` where it is not JSON.
fn raw_json(text: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(text).ok()
}
