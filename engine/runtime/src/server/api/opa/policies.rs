use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use hyper::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::OpaError;
use crate::policies;
use crate::server::http::response::{self, Reply};
use crate::server::http::route::Path;
use crate::server::policy::Served;
use crate::server::policy::deployment::Found;
use crate::server::state::{App, State};

/// What answers, as OPA tells of its bundles: each policy's revision is its name and version.
#[derive(Serialize)]
pub(super) struct Provenance<'a> {
    version: &'a str,
    build_commit: &'a str,
    bundles: BTreeMap<&'a str, Revision>,
}

#[derive(Serialize)]
struct Revision {
    revision: String,
}

impl<'a> Provenance<'a> {
    pub(super) fn of(app: &'a App, state: &'a State) -> Self {
        let revision = |served: &Served| Revision {
            revision: format!("{}@{}", served.entry.name(), served.version),
        };
        // Of several versions the one that answers when none is named comes last, and stays.
        let all = state.deployment.all();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            build_commit: app.program.revision.unwrap_or_default(),
            bundles: all.into_iter().rev().map(|it| (it.id.as_str(), revision(it))).collect(),
        }
    }
}

/// `GET /v1/policies`: what is served.
pub(crate) fn policies(state: &State) -> Reply {
    let served = state.deployment.all().into_iter().map(|served| listed(served));
    let skipped = state
        .deployment
        .skipped()
        .iter()
        .map(|(id, problem)| json!({"id": id, "raw": "", "error": problem}));
    let result: Vec<Value> = served.chain(skipped).collect();
    response::serialized(StatusCode::OK, &json!({ "result": result }))
}

/// `GET /v1/policies/ID`, `GET /v1/policies/ID/VERSION`.
pub(crate) fn policy(state: &State, path: &Path) -> Result<Reply, OpaError> {
    match state.deployment.find(path) {
        Found::Policy(served, "") => {
            Ok(response::serialized(StatusCode::OK, &json!({ "result": listed(served) })))
        }
        Found::Policy(..) => {
            Err(OpaError::not_found(format!("no policy `{}` is served", path.as_str())))
        }
        Found::Skipped(id, problem) => Err(OpaError::skipped(id, problem)),
        Found::Nothing(message) => Err(OpaError::not_found(message)),
    }
}

/// `GET /v1/config`: what OPA's clients look for in it.
pub(crate) fn config(state: &State) -> Reply {
    let labels = &state.labels;
    let result = match &state.default_decision {
        Some(path) => {
            json!({"labels": labels, "default_decision": format!("/{}", path.as_str())})
        }
        None => json!({ "labels": labels }),
    };
    response::serialized(StatusCode::OK, &json!({ "result": result }))
}

/// As OPA lists a module, with what this engine knows beside it.
fn listed(served: &Served) -> Value {
    // A schema is the author's code too.
    let schema = |of| policies::call_guarded(of).ok().flatten();
    let registration = &served.entry.registration;
    let path = std::iter::once(json!({"type": "var", "value": "data"}))
        .chain(served.id.split('/').map(|part| json!({"type": "string", "value": part})));
    json!({
        "id": served.id,
        "raw": "",
        "ast": {"package": {"path": path.collect::<Vec<_>>()}, "rules": []},
        "policy": served.entry.name(),
        "version": served.version,
        "description": registration.description,
        "mode": served.mode.name(),
        "timeout": humantime::format_duration(served.timeout).to_string(),
        "blocking": served.blocking.load(Ordering::Relaxed),
        "settings_digest": served.settings_digest,
        "input_schema": schema(registration.input_schema),
        "settings_schema": schema(registration.settings_schema),
    })
}
