use hyper::StatusCode;

use crate::server::http::response::{self, Reply};
use crate::server::state::App;

/// Answers `GET /metrics` in Prometheus' text format.
pub(super) fn metrics(app: &App) -> Reply {
    let used = i64::try_from(app.memory.used()).unwrap_or(i64::MAX);
    app.metrics.requests.body_bytes.set(used);
    let for_shadows = i64::try_from(app.shadow_memory.used()).unwrap_or(i64::MAX);
    app.metrics.requests.shadow_bytes.set(for_shadows);
    match app.metrics.text() {
        Ok(text) => response::with_type(StatusCode::OK, "text/plain; version=0.0.4", text),
        Err(error) => response::with_type(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain",
            format!("failed to write the metrics: {error}\n"),
        ),
    }
}
