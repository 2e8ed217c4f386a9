use std::borrow::Cow;
use std::marker::PhantomData;

use policy_api::bounded;
use serde::Deserialize;

use super::AdmissionError;

/// What a review is about is the policy's to read; this much the answer needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<Request<'a>>,
}

/// The request of a review.
#[derive(Debug, Deserialize)]
pub(super) struct Request<'a> {
    /// What the answer must repeat.
    #[serde(borrow)]
    pub(super) uid: Cow<'a, str>,
}

/// Reads a review's request.
pub(super) fn read(body: &[u8]) -> Result<Request<'_>, AdmissionError> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(AdmissionError::shape(
            "the request's body is not a JSON object: expected an `AdmissionReview`",
        ));
    }
    let review: Review<'_> = policy_api::decode_seed(PhantomData, body).map_err(|error| {
        AdmissionError::shape(format!("the request's body is not an `AdmissionReview`: {error}"))
    })?;
    if (&*review.api_version, &*review.kind) != ("admission.k8s.io/v1", "AdmissionReview") {
        return Err(AdmissionError::shape(format!(
            "the request's body is `{}` of `{}`: expected `AdmissionReview` of \
             `admission.k8s.io/v1`",
            bounded(review.kind, 256),
            bounded(review.api_version, 256)
        )));
    }
    review.request.ok_or_else(|| {
        AdmissionError::shape("the `AdmissionReview` has no `request`: expected one with a `uid`")
    })
}
