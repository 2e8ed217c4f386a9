use hyper::StatusCode;

use super::status::Status;
use crate::policies::PolicyPath;
use crate::server::http::error::HttpError;
use crate::server::http::response::{self, Reply};
use crate::server::policy::{EvaluationFailure, ServedPolicy};

/// The error of a request without a review in its answer: a `Status`, as an API server reads it.
#[derive(Debug)]
pub(crate) struct AdmissionError {
    code: StatusCode,
    message: String,
}

impl AdmissionError {
    fn new(code: StatusCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn from_http(error: &HttpError) -> Self {
        Self::new(error.status(), error.to_string())
    }

    pub(super) fn from_failure(policy: &ServedPolicy, failure: &EvaluationFailure) -> Self {
        Self::new(failure.status(), failure.message(&policy.id))
    }

    /// The error of a body that is not a review.
    pub(super) fn not_a_review(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// The error of a path that names no policy.
    pub(super) fn missing(message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn not_found(path: &PolicyPath) -> Self {
        Self::missing(format!(
            "no policy `{}` is served; `/v1/policies` lists those that are",
            path.as_str()
        ))
    }

    /// The error of a policy that is configured but not served.
    pub(super) fn not_served(message: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    pub(super) fn reply(self) -> Reply {
        response::error(self.code, &Status::new(self.code, self.message).as_object())
    }
}
