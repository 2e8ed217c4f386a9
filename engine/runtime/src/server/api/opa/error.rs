use hyper::{Method, StatusCode};
use serde::Serialize;

use crate::server::http::body::BodyError;
use crate::server::http::memory_budget::Exhausted;
use crate::server::http::response::{self, Reply};
use crate::server::policy::{NoAnswer, Served};

/// An error as OPA's clients read it: `{"code", "message"}`, and the status beside it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OpaError {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision_id: Option<String>,
}

impl OpaError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), decision_id: None }
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource_not_found", message)
    }

    /// Nothing where a path leads to, for those who ask for the bare result.
    pub(crate) fn undefined(path: &str) -> Self {
        let message = format!("document missing or undefined: data.{}", path.replace('/', "."));
        Self::new(StatusCode::NOT_FOUND, "undefined_document", message)
    }

    /// A method that there is not for a path.
    pub(crate) fn method(asked: &Method, expected: &str) -> Self {
        let message = match *asked {
            Method::PUT | Method::PATCH | Method::DELETE => {
                "policies and their settings are part of this server and its configuration: \
                 nothing can be written here"
                    .to_owned()
            }
            _ => format!("the method is `{asked}`: expected {expected}"),
        };
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_operation", message)
    }

    pub(crate) fn unauthorized() -> Self {
        let message = "request rejected: expected `authorization: Bearer` and a token of this \
                       server's";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// A policy that is configured but was not valid, and so was skipped.
    pub(crate) fn skipped(id: &str, problem: &str) -> Self {
        let message = format!("policy `{id}` is not served: {problem}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "internal_error", message)
    }

    pub(crate) fn overloaded(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message)
    }

    /// Something that there is no memory for.
    pub(crate) fn exhausted(exhausted: Exhausted) -> Self {
        let code = match exhausted {
            Exhausted::Limit { .. } => "invalid_parameter",
            Exhausted::InUse => "overloaded",
        };
        Self::new(exhausted.status(), code, exhausted.to_string())
    }

    /// OPA answers 400 where a body is too large.
    pub(crate) fn body(error: &BodyError) -> Self {
        let (status, code) = match error {
            BodyError::Exhausted(Exhausted::Limit { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "invalid_parameter")
            }
            BodyError::TooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, "invalid_parameter"),
            BodyError::Exhausted(Exhausted::InUse) => {
                (StatusCode::SERVICE_UNAVAILABLE, "overloaded")
            }
            _ => (StatusCode::BAD_REQUEST, "invalid_parameter"),
        };
        Self::new(status, code, error.to_string())
    }

    pub(crate) fn no_answer(served: &Served, problem: &NoAnswer) -> Self {
        let message = match problem {
            NoAnswer::Busy => problem.to_string(),
            _ => format!("policy `{}`: {problem}", served.id),
        };
        match problem {
            NoAnswer::Input(_) => Self::invalid_parameter(message),
            NoAnswer::Policy(_) | NoAnswer::Panicked(_) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
            }
            NoAnswer::TimedOut(_) => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "internal_error", message)
            }
            NoAnswer::Stuck(_) | NoAnswer::Busy => Self::overloaded(message),
            NoAnswer::Exhausted(exhausted) => Self { message, ..Self::exhausted(*exhausted) },
        }
    }

    pub(crate) fn reply(&self) -> Reply {
        response::refused(self.status, self)
    }
}
