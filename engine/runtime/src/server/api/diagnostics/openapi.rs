use hyper::StatusCode;

use crate::server::http::response::{self, Reply};

/// The description of all APIs, in `OpenAPI` 3.1.
pub(crate) const OPENAPI: &str = include_str!("../../../../openapi.json");

/// Answers `GET /openapi.json`.
pub(super) fn openapi() -> Reply {
    response::json(StatusCode::OK, OPENAPI)
}
