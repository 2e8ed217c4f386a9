//! What operators and their tools ask: is it well, what does it do, what is where.

mod health;
mod openapi;

use hyper::StatusCode;

use crate::server::http::response::{self, Reply};
use crate::server::state::App;

pub(crate) use health::health;
pub(crate) use openapi::openapi;

/// `GET /metrics`: Prometheus' text format.
pub(crate) fn metrics(app: &App) -> Reply {
    let used = i64::try_from(app.memory.used()).unwrap_or(i64::MAX);
    app.metrics.requests.body_bytes.set(used);
    match app.metrics.text() {
        Ok(text) => response::with_type(StatusCode::OK, "text/plain; version=0.0.4", text),
        Err(error) => response::with_type(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain",
            format!("the figures cannot be written: {error}\n"),
        ),
    }
}
