use std::borrow::Cow;
use std::marker::PhantomData;

use policy_api::bounded;
use serde::Deserialize;

use super::error::AdmissionError;

/// The parts of an `AdmissionReview` that the answer needs. All others are for the policy.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewRequest<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<AdmissionRequestId<'a>>,
}

/// The request of a review.
#[derive(Debug, Deserialize)]
pub(super) struct AdmissionRequestId<'a> {
    /// The id that the answer must repeat.
    #[serde(borrow)]
    pub(super) uid: Cow<'a, str>,
}

impl<'a> AdmissionRequestId<'a> {
    /// Parses the request of a review.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, AdmissionError> {
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(AdmissionError::not_a_review(
                "the request's body is not a JSON object: expected an `AdmissionReview`",
            ));
        }
        let review: ReviewRequest<'_> =
            policy_api::decode_seed(PhantomData, body).map_err(|error| {
                AdmissionError::not_a_review(format!(
                    "the request's body is not an `AdmissionReview`: {error}"
                ))
            })?;
        if (&*review.api_version, &*review.kind) != ("admission.k8s.io/v1", "AdmissionReview") {
            return Err(AdmissionError::not_a_review(format!(
                "the request's body is `{}` of `{}`: expected `AdmissionReview` of \
                 `admission.k8s.io/v1`",
                bounded(review.kind, 256),
                bounded(review.api_version, 256)
            )));
        }
        review.request.ok_or_else(|| {
            AdmissionError::not_a_review(
                "the `AdmissionReview` has no `request`: expected one with a `uid`",
            )
        })
    }
}
