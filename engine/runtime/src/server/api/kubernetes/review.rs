//! One review: the policy that it is for, and what comes of it.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use tracing::warn;

use super::error::AdmissionError;
use super::request::AdmissionRequestId;
use super::response::AdmissionResponse;
use super::route::{AdmissionEndpoint, AdmissionQuestion};
use crate::policies::PolicyLookup;
use crate::server::decide::{DecisionRequest, RequestContext, decide};
use crate::server::http::memory_budget::Reservation;
use crate::server::http::request_id::MAX_REQUEST_ID;
use crate::server::http::response::{self as http, Reply};
use crate::server::policy::EvaluationFailure;

/// Answers one review.
pub(super) async fn answer(
    context: &RequestContext<'_>,
    question: &AdmissionQuestion,
    body: Bytes,
) -> Result<Reply, AdmissionError> {
    let request = AdmissionRequestId::parse(&body)?;
    let path = &question.path;
    let policies = &context.state.policies;
    let mut found = policies.find(path);
    let resolved;
    if let PolicyLookup::Missing(_) = found
        && let Some(path) = policies.named_in_dns(path)
    {
        resolved = path;
        found = policies.find(&resolved);
    }
    let policy = match found {
        PolicyLookup::Found(policy, "") => policy,
        PolicyLookup::Found(..) => return Err(AdmissionError::not_found(path)),
        PolicyLookup::NotServed(message) => return Err(AdmissionError::not_served(message)),
        PolicyLookup::Missing(message) => return Err(AdmissionError::missing(message)),
    };
    let decision = DecisionRequest {
        held: body.len(),
        path: path.as_str(),
        input: Some(body.clone()),
        batch: None,
        request_id: (request.uid.len() <= MAX_REQUEST_ID).then(|| Arc::from(&*request.uid)),
        always_enforced: question.endpoint == AdmissionEndpoint::Audit,
    };
    let mut outcome = decide(context, policy, decision).await;
    // The output is decoded, twice where it is a denial, and written anew.
    let output = outcome.result.as_ref().map_or(&[][..], |output| &output.text);
    let mut memory = Reservation::beside(&context.app.memory, body.len() + output.len());
    let bytes = 3 * policy_api::decoded_bytes(output) + 4 * output.len();
    if let Err(exhausted) = memory.grow(bytes) {
        outcome.result = Err(EvaluationFailure::Exhausted(exhausted));
    }
    if let Err(
        failure @ (EvaluationFailure::Suspended(_)
        | EvaluationFailure::Overloaded
        | EvaluationFailure::Exhausted(_)),
    ) = &outcome.result
        && !outcome.is_monitored
    {
        return Err(AdmissionError::from_failure(policy, failure));
    }
    let (response, changes) = AdmissionResponse::new(&request.uid, policy, &outcome);
    if !changes.is_empty() {
        let (id, request_id) = (&policy.id, &*request.uid);
        let changes = changes.join("; ");
        warn!(id, request_id, "the output is not as an API server accepts it: {changes}");
    }
    Ok(http::serialized(StatusCode::OK, &response.into_review()))
}
