use hyper::StatusCode;
use serde::Serialize;

use crate::server::body::BodyError;
use crate::server::memory_budget::Exhausted;
use crate::server::response::{self, Reply};
use crate::server::route::Path;
use crate::server::served::{NoAnswer, Served};

/// Why there is no review in the answer: `{"message", "status"}`.
#[derive(Debug, Serialize)]
pub(in crate::server) struct AdmissionError {
    message: String,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
}

impl AdmissionError {
    pub(in crate::server) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), status }
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

    pub(in crate::server) fn body(error: &BodyError) -> Self {
        let status = match error {
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
        Self::new(status, error.to_string())
    }

    pub(in crate::server) fn reply(&self) -> Reply {
        response::refused(self.status, self)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
