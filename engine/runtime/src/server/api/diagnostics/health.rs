use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::json;

use crate::server::http::query::Query;
use crate::server::http::response::{self, Reply};
use crate::server::http::route::Health;
use crate::server::state::{App, State};

/// In the place of what is wrong with a policy.
const SKIPPED: &str = "it is not served, as its configuration is wrong: the log and \
                       `/v1/policies` tell why";

/// `GET /health`, `/health/live` and `/health/ready`.
///
/// Alive is whoever answers. Ready is a server that takes new requests; it then tells which of its
/// policies it had to skip, and not why: nobody is asked for a token here, and the reason has files
/// and settings in it. It is in the log, and at `/v1/policies`. OPA's `/health` is 500 when it is not well, and asks for readiness by
/// its `bundles` and `plugins`.
pub(crate) fn health(app: &App, state: &State, asked: Health, query: &Query) -> Reply {
    let for_readiness = match asked {
        Health::Live => false,
        Health::Ready => true,
        Health::Opa => query.ready,
    };
    if for_readiness && !app.is_ready() {
        let status = match asked {
            Health::Opa => StatusCode::INTERNAL_SERVER_ERROR,
            Health::Live | Health::Ready => StatusCode::SERVICE_UNAVAILABLE,
        };
        let error = "not ready: the server is ending, and takes no new requests";
        return response::serialized(status, &json!({ "error": error }));
    }
    if asked == Health::Ready {
        let skipped: BTreeMap<&str, &str> =
            state.deployment.skipped().keys().map(|id| (id.as_str(), SKIPPED)).collect();
        return response::serialized(StatusCode::OK, &json!({"ready": true, "skipped": skipped}));
    }
    response::json(StatusCode::OK, "{}")
}
