use hyper::StatusCode;
use serde::Serialize;

use crate::server::http::body::BodyError;
use crate::server::http::error::HttpError;
use crate::server::http::memory_budget::Exhausted;
use crate::server::http::response::{self, Reply};
use crate::server::policy::{EvaluationFailure, ServedPolicy};

/// An error as OPA's clients read it: `{"code", "message"}`, and the status beside it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OpaError {
    #[serde(skip)]
    status: StatusCode,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_id: Option<String>,
}

impl OpaError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), decision_id: None }
    }

    /// OPA answers 400 to most bodies that it does not read.
    pub(super) fn from_http(error: &HttpError) -> Self {
        let (status, code) = match error {
            HttpError::NotFound { .. } => (error.status(), "resource_not_found"),
            HttpError::Method { .. } => (error.status(), "invalid_operation"),
            HttpError::Unauthorized => (error.status(), "unauthorized"),
            HttpError::Malformed(_) | HttpError::PathEncoding | HttpError::Query(_) => {
                (error.status(), "invalid_parameter")
            }
            HttpError::Body(BodyError::Exhausted(exhausted)) | HttpError::Response(exhausted) => {
                (exhausted.status(), exhausted.code())
            }
            HttpError::Body(BodyError::TooSlow { .. }) => (error.status(), "invalid_parameter"),
            HttpError::Body(_) => (StatusCode::BAD_REQUEST, "invalid_parameter"),
        };
        Self::new(status, code, error.to_string())
    }

    pub(super) fn from_failure(policy: &ServedPolicy, failure: &EvaluationFailure) -> Self {
        Self::new(failure.status(), failure.code(), failure.message(&policy.id))
    }

    /// The error of a response that there is no memory for.
    pub(super) fn exhausted(exhausted: Exhausted) -> Self {
        Self::new(exhausted.status(), exhausted.code(), exhausted.to_string())
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource_not_found", message)
    }

    /// The error of a path that leads to nothing, for clients that get the bare result.
    pub(super) fn undefined(path: &str) -> Self {
        let message = format!("document missing or undefined: data.{}", path.replace('/', "."));
        Self::new(StatusCode::NOT_FOUND, "undefined_document", message)
    }

    /// The error of a policy that is configured but not served.
    pub(super) fn not_served(message: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_error", message)
    }

    pub(super) fn with_decision_id(self, decision_id: Option<String>) -> Self {
        Self { decision_id, ..self }
    }

    pub(crate) fn reply(&self) -> Reply {
        response::error(self.status, self)
    }
}
