use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::json;

use super::route::HealthCheck;
use crate::server::http::query::Query;
use crate::server::http::response::{self, Reply};
use crate::server::state::{App, AppState};

/// The text in place of a skipped policy's problem.
const SKIPPED: &str = "it is not served, as its configuration is wrong: the log and \
                       `/v1/policies` tell why";

/// Answers `GET /health`, `/health/live` and `/health/ready`.
///
/// A server that answers is alive. It is ready while it takes new requests, and then lists the
/// policies that it had to skip. The reasons are not in it, as they contain files and settings, and
/// no token is required here; they are in the log, and at `/v1/policies`. OPA's `/health` answers
/// 500 when the server is not ready, and asks for readiness by its `bundles` and `plugins`.
pub(super) fn health(app: &App, state: &AppState, check: HealthCheck, query: &Query) -> Reply {
    let for_readiness = match check {
        HealthCheck::Live => false,
        HealthCheck::Ready => true,
        HealthCheck::Opa => query.ready,
    };
    if for_readiness && !app.is_ready() {
        let status = match check {
            HealthCheck::Opa => StatusCode::INTERNAL_SERVER_ERROR,
            HealthCheck::Live | HealthCheck::Ready => StatusCode::SERVICE_UNAVAILABLE,
        };
        let error = "not ready: the server is ending, and takes no new requests";
        return response::serialized(status, &json!({ "error": error }));
    }
    if check == HealthCheck::Ready {
        let skipped: BTreeMap<&str, &str> =
            state.policies.skipped().keys().map(|id| (id.as_str(), SKIPPED)).collect();
        return response::serialized(StatusCode::OK, &json!({"ready": true, "skipped": skipped}));
    }
    response::json(StatusCode::OK, "{}")
}
