use hyper::{Method, StatusCode};

use super::body::BodyError;
use super::memory_budget::Exhausted;
use super::well_formed::Malformed;

/// The reason why a request is refused before an API sees it, or why its response is not sent. Each
/// API writes it in a form that its clients read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("nothing is at `{path}`; `/openapi.json` lists the paths")]
    NotFound { path: String },
    #[error("the path is not UTF-8 once it is decoded")]
    PathEncoding,
    /// `allowed` is the value of the header `Allow`.
    #[error("{}", wrong_method(method, allowed))]
    Method { method: Method, allowed: &'static str },
    #[error("request rejected: expected `authorization: Bearer` and a token of this server's")]
    Unauthorized,
    #[error("{0}")]
    Query(&'static str),
    #[error(transparent)]
    Body(#[from] BodyError),
    /// There is no memory for the response.
    #[error("the answer: {0}")]
    Response(Exhausted),
}

impl HttpError {
    /// The status that HTTP has for it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(problem) => problem.status(),
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::PathEncoding | Self::Query(_) => StatusCode::BAD_REQUEST,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Body(error) => error.status(),
            Self::Response(exhausted) => exhausted.status(),
        }
    }
}

fn wrong_method(method: &Method, allowed: &str) -> String {
    match *method {
        Method::PUT | Method::PATCH | Method::DELETE => {
            "policies and their settings are part of this server and its configuration: nothing \
             can be written here"
                .to_owned()
        }
        _ => format!("the method is `{method}`: expected {allowed}"),
    }
}
