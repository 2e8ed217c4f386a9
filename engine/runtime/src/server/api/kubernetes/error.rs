use hyper::StatusCode;

use super::status::Status;
use crate::server::http::body::BodyError;
use crate::server::http::memory_budget::Exhausted;
use crate::server::http::response::{self, Reply};
use crate::server::http::route::Path;
use crate::server::policy::{NoAnswer, Served};

/// Why there is no review in the answer: a `Status`, as an API server reads it.
#[derive(Debug)]
pub(crate) struct AdmissionError {
    code: StatusCode,
    message: String,
}

impl AdmissionError {
    pub(crate) fn new(code: StatusCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A body that is no review.
    pub(super) fn shape(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    pub(super) fn nothing(message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn not_found(path: &Path) -> Self {
        Self::nothing(format!(
            "no policy `{}` is served: `/v1/policies` lists those that are",
            path.as_str()
        ))
    }

    pub(super) fn skipped(id: &str, problem: &str) -> Self {
        let message = format!("policy `{id}` is not served: {problem}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    pub(super) fn overloaded(served: &Served, problem: &NoAnswer) -> Self {
        let message = match problem {
            NoAnswer::Busy => problem.to_string(),
            _ => format!("policy `{}`: {problem}", served.id),
        };
        let status = match problem {
            NoAnswer::Exhausted(exhausted) => exhausted.status(),
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, message)
    }

    pub(crate) fn body(error: &BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge { .. }
            | BodyError::TooLargeInflated { .. }
            | BodyError::TooLargeYaml { .. }
            | BodyError::Exhausted(Exhausted::Limit { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Exhausted(Exhausted::InUse) => StatusCode::SERVICE_UNAVAILABLE,
            BodyError::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            BodyError::Broken(_) | BodyError::Gzip(_) | BodyError::Yaml(_) => {
                StatusCode::BAD_REQUEST
            }
            BodyError::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        };
        Self::new(code, error.to_string())
    }

    pub(crate) fn reply(self) -> Reply {
        response::refused(self.code, &Status::new(self.code, self.message).as_object())
    }
}
