use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use hyper::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::OpaError;
use crate::policies::{PolicyLookup, PolicyPath, SchemaOf, schema};
use crate::server::http::response::{self, Reply};
use crate::server::policy::{ServedPolicy, ShadowPolicy};
use crate::server::state::{App, AppState};

/// The origin of an answer, as OPA describes its bundles: a policy's revision is its name and
/// version.
#[derive(Serialize)]
pub(super) struct OpaProvenance<'a> {
    version: &'a str,
    build_commit: &'a str,
    bundles: BTreeMap<&'a str, BundleRevision>,
}

#[derive(Serialize)]
struct BundleRevision {
    revision: String,
}

impl<'a> OpaProvenance<'a> {
    pub(super) fn new(app: &'a App, state: &'a AppState) -> Self {
        let revision = |policy: &ServedPolicy| BundleRevision {
            revision: format!("{}@{}", policy.entry.name(), policy.version),
        };
        // The version that answers when none is named comes last, and stays.
        let all = state.policies.all();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            build_commit: app.program.revision.unwrap_or_default(),
            bundles: all
                .into_iter()
                .rev()
                .map(|policy| (policy.id.as_str(), revision(policy)))
                .collect(),
        }
    }
}

/// Answers `GET /v1/policies`.
pub(super) async fn list(state: &AppState) -> Reply {
    let mut result = Vec::new();
    for policy in state.policies.all() {
        result.push(describe(policy).await);
    }
    let skipped = state.policies.skipped().iter();
    result.extend(skipped.map(|(id, problem)| json!({"id": id, "raw": "", "error": problem})));
    response::serialized(StatusCode::OK, &json!({ "result": result }))
}

/// Answers `GET /v1/policies/ID` and `GET /v1/policies/ID/VERSION`.
pub(super) async fn show(state: &AppState, path: &PolicyPath) -> Result<Reply, OpaError> {
    match state.policies.find(path) {
        PolicyLookup::Found(policy, "") => {
            Ok(response::serialized(StatusCode::OK, &json!({ "result": describe(policy).await })))
        }
        PolicyLookup::Found(..) => {
            Err(OpaError::not_found(format!("no policy `{}` is served", path.as_str())))
        }
        PolicyLookup::NotServed(message) => Err(OpaError::not_served(message)),
        PolicyLookup::Missing(message) => Err(OpaError::not_found(message)),
    }
}

/// Answers `GET /v1/config` with what OPA's clients look for.
pub(super) fn config(app: &App, state: &AppState) -> Reply {
    let confinement = &app.confinement;
    let mut result = json!({
        "labels": state.labels,
        "confinement": {"mode": confinement.mode, "missing": confinement.missing()},
    });
    if let (Some(path), Some(fields)) = (&state.default_decision, result.as_object_mut()) {
        let path = format!("/{}", path.as_str());
        fields.insert("default_decision".to_owned(), path.into());
    }
    response::serialized(StatusCode::OK, &json!({ "result": result }))
}

/// Describes a policy as OPA describes a module, with additional fields of this engine.
async fn describe(policy: &ServedPolicy) -> Value {
    let input_schema = schema(&policy.entry, SchemaOf::Input).await.ok().flatten();
    let settings_schema = schema(&policy.entry, SchemaOf::Settings).await.ok().flatten();
    let registration = &policy.entry.registration;
    let budget = policy.instance.budget();
    let path = std::iter::once(json!({"type": "var", "value": "data"}))
        .chain(policy.id.split('/').map(|part| json!({"type": "string", "value": part})));
    json!({
        "id": policy.id,
        "raw": "",
        "ast": {"package": {"path": path.collect::<Vec<_>>()}, "rules": []},
        "policy": policy.entry.name(),
        "version": policy.version,
        "description": registration.description,
        "checks": registration.checks,
        "mode": policy.mode.name(),
        "timeout": humantime::format_duration(policy.timeout).to_string(),
        "allocation_budget": budget.allocation,
        "cpu_budget": budget.cpu.map(|time| humantime::format_duration(time).to_string()),
        "blocking": policy.blocking.load(Ordering::Relaxed),
        "settings_digest": policy.settings_digest,
        "shadow": policy.shadow.as_ref().map(|shadow| describe_shadow(shadow.policy())),
        "input_schema": input_schema,
        "settings_schema": settings_schema,
    })
}

fn describe_shadow(shadow: &ShadowPolicy) -> Value {
    json!({
        "policy": shadow.entry.name(),
        "version": shadow.version,
        "settings_digest": shadow.settings_digest,
        "sample": shadow.sample.to_string(),
    })
}
