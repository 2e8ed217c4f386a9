//! One decision: the policy is asked, and what it says is logged.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use hyper::body::Bytes;
use policy_api::Verdict;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::api::opa::OpaError;
use super::http::memory_budget::Reservation;
use super::http::query::Query;
use super::listen::Peer;
use super::policy::{Answer, NoAnswer, Question, Served};
use super::state::{App, State};
use super::trace::RequestSpan;
use crate::config::Mode;
use crate::decision_log::{Event, EventError};

/// What is known of a request beside what it asks.
pub(super) struct Call<'a> {
    pub(super) query: Query,
    pub(super) request_id: Option<Arc<str>>,
    pub(super) traced: &'a RequestSpan,
    pub(super) peer: &'a Peer,
    pub(super) received: SystemTime,
    pub(super) started: Instant,
}

/// One question of a request.
pub(super) struct Asked<'a> {
    /// What the request holds of memory already.
    pub(super) held: usize,
    /// As the caller wrote it, below the endpoint.
    pub(super) path: &'a str,
    /// `None` where the caller gave none: the policy is asked `null`.
    pub(super) input: Option<Bytes>,
    /// Of the request, where it asks several questions.
    pub(super) batch: Option<Uuid>,
    /// The request's id, where the question has one of its own.
    pub(super) request_id: Option<Arc<str>>,
    /// Whether a denial is answered as one, whatever the policy's mode is.
    pub(super) always_enforced: bool,
}

/// What came of it.
pub(super) struct Decided {
    /// Of the event in the decision log.
    pub(super) id: Option<Uuid>,
    pub(super) answer: Result<Answer, NoAnswer>,
    /// Whether it is a denial that is to be answered as if it were none.
    pub(super) monitored: bool,
    /// Whether the policy is only watched here, whatever it says.
    pub(super) lenient: bool,
}

impl Decided {
    /// Of a question that was not put.
    pub(super) fn unasked(problem: NoAnswer) -> Self {
        Self { id: None, answer: Err(problem), monitored: false, lenient: false }
    }
}

/// Asks a policy, when its turn has come, and logs what it says.
pub(super) async fn decide(
    app: &App,
    state: &State,
    call: &Call<'_>,
    served: &Arc<Served>,
    asked: Asked<'_>,
) -> Decided {
    let request_id = asked.request_id.or_else(|| call.request_id.clone());
    let Ok(place) = state.gate.enter().await else {
        return Decided::unasked(NoAnswer::Busy);
    };
    let input = asked.input.clone().unwrap_or(Bytes::from_static(b"null"));
    let memory = Reservation::beside(&app.memory, asked.held);
    let question = Question { input, request_id: request_id.clone(), place, memory };
    let evaluation = call.traced.evaluation(served, asked.batch.is_none());
    let mut answer = served.ask(question).await;
    let mut input = asked.input.as_deref();
    // What is logged of it is there beside it, for as long as it waits for the log.
    let mut logged = Reservation::beside(&app.memory, asked.held);
    if app.decision_log.is_some() {
        let output = answer.as_ref().map_or(0, |answer| answer.output.len());
        let length = input.map_or(0, <[u8]>::len).saturating_add(output);
        if let Err(exhausted) = logged.grow(length) {
            answer = Err(NoAnswer::Exhausted(exhausted));
            input = None;
        }
    }
    let id = app.decision_log.as_ref().map(|_| Uuid::new_v4());
    evaluation.decided(served, &answer, id);
    let denied = answer.as_ref().is_ok_and(|answer| answer.verdict == Some(Verdict::Denied));
    let lenient = served.mode == Mode::Monitor && !asked.always_enforced;
    let monitored = denied && lenient;
    let Some((log, decision_id)) = app.decision_log.as_ref().zip(id) else {
        return Decided { id, answer, monitored, lenient };
    };
    let error = answer.as_ref().err().map(|problem| OpaError::no_answer(served, problem));
    // Whom it was not put to, or who refuses it, has not read it.
    let understood = !matches!(
        answer,
        Err(NoAnswer::Input(_) | NoAnswer::Stuck(_) | NoAnswer::Busy | NoAnswer::Exhausted(_))
    );
    let evaluation = answer.as_ref().map(|answer| answer.evaluation).unwrap_or_default();
    log.record(&Event {
        decision_id,
        batch_decision_id: asked.batch,
        trace: call.traced.trace().map(|it| (it.trace_id.as_str(), it.span_id.as_str())),
        path: asked.path,
        input: input.and_then(raw),
        result: answer.as_ref().ok().and_then(|answer| raw(&answer.output)),
        error: error.as_ref().map(|error| EventError {
            code: error.code,
            message: &error.message,
            understood,
        }),
        requested_by: &call.peer.to_string(),
        received: call.received,
        evaluation,
        request_id: request_id.as_deref().unwrap_or_default(),
        id: &served.id,
        policy: served.entry.name(),
        version: &served.version,
        verdict: answer.as_ref().ok().and_then(|answer| answer.verdict),
        mode: served.mode,
    })
    .await;
    Decided { id, answer, monitored, lenient }
}

/// JSON text that is passed on as it is; `None` where it is none.
pub(super) fn raw(text: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(text).ok()
}
