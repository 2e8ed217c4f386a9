//! Kubernetes' admission webhooks: `AdmissionReview` of `admission.k8s.io/v1` in and out.
//!
//! What a policy said of the object, or could not say, is in the review, in words that reach the
//! one who asked. What this server could not do is an HTTP error: there the API server goes by the
//! webhook's `failurePolicy`, and tells the `Status` that is its body.

mod error;
mod notes;
mod patch;
mod response;
mod review;
mod status;

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use tracing::warn;

use crate::server::decide::{Asked, Call, decide};
use crate::server::http::memory_budget::Reservation;
use crate::server::http::response::{self as http, Reply};
use crate::server::http::route::{Endpoint, Path};
use crate::server::policy::NoAnswer;
use crate::server::policy::deployment::Found;
use crate::server::state::{App, MAX_REQUEST_ID, State};

pub(crate) use error::AdmissionError;

/// Answers one review.
pub(crate) async fn review(
    app: &App,
    state: &State,
    call: &Call<'_>,
    endpoint: Endpoint,
    path: &Path,
    body: Bytes,
) -> Result<Reply, AdmissionError> {
    let request = review::read(&body)?;
    let mut found = state.deployment.find(path);
    let id;
    if let Found::Nothing(_) = found
        && let Some(named) = state.deployment.named_in_dns(path)
    {
        id = named;
        found = state.deployment.find(&id);
    }
    let served = match found {
        Found::Policy(served, "") => served,
        Found::Policy(..) => return Err(AdmissionError::not_found(path)),
        Found::Skipped(id, problem) => return Err(AdmissionError::skipped(id, problem)),
        Found::Nothing(message) => return Err(AdmissionError::nothing(message)),
    };
    let asked = Asked {
        held: body.len(),
        path: path.as_str(),
        input: Some(body.clone()),
        batch: None,
        request_id: (request.uid.len() <= MAX_REQUEST_ID).then(|| Arc::from(&*request.uid)),
        always_enforced: endpoint == Endpoint::Audit,
    };
    let mut decided = decide(app, state, call, served, asked).await;
    // The output is decoded, twice where it is a denial, and written anew.
    let output = decided.answer.as_ref().map_or(&[][..], |answer| &answer.output);
    let mut memory = Reservation::beside(&app.memory, body.len() + output.len());
    let bytes = 3 * policy_api::decoded_bytes(output) + 4 * output.len();
    if let Err(exhausted) = memory.grow(bytes) {
        decided.answer = Err(NoAnswer::Exhausted(exhausted));
    }
    if let Err(problem @ (NoAnswer::Stuck(_) | NoAnswer::Busy | NoAnswer::Exhausted(_))) =
        &decided.answer
        && !decided.lenient
    {
        return Err(AdmissionError::overloaded(served, problem));
    }
    let (response, changes) = response::of(&request.uid, served, &decided);
    if !changes.is_empty() {
        let (id, request_id) = (&served.id, &*request.uid);
        let changes = changes.join("; ");
        warn!(id, request_id, "the answer is not as an API server takes it: {changes}");
    }
    Ok(http::serialized(StatusCode::OK, &response))
}
