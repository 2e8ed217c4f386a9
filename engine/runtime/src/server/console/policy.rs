use std::sync::atomic::Ordering;

use bytesize::ByteSize;
use policy_api::Check;
use policy_console::{
    CheckSummary, Filter, Grant, PolicyLimits, PolicyPage, ResultKind, Schema, Settings, Shadow,
    ShadowOutcome, Shed,
};
use serde_json::{Value, json};

use super::policies::summary;
use super::{decisions, schema_fields};
use crate::policies::{NoSchema, PolicyLookup, PolicyPath, SchemaOf, masked, schema};
use crate::program;
use crate::server::console_state::Console;
use crate::server::policy::ServedPolicy;
use crate::server::state::{App, AppState};
use crate::telemetry::ShadowMetrics;

/// The last denials that are shown.
const MAX_DENIALS: usize = 10;

/// One policy.
///
/// # Errors
/// The reason why none is served there.
pub(super) async fn page(
    app: &App,
    console: &Console,
    state: &AppState,
    path: &PolicyPath,
) -> Result<PolicyPage, String> {
    let policy = match state.policies.find(path) {
        PolicyLookup::Found(policy, "") => policy,
        PolicyLookup::Found(..) => return Err(format!("no policy `{}` is served", path.as_str())),
        PolicyLookup::NotServed(message) | PolicyLookup::Missing(message) => return Err(message),
    };
    let registration = &policy.entry.registration;
    let settings_schema = schema(&policy.entry, SchemaOf::Settings).await;
    let settings = settings(policy, settings_schema.as_ref());
    let input_schema = schema(&policy.entry, SchemaOf::Input).await.ok().flatten();
    let denials = Filter {
        policy: Some(policy.id.clone()),
        version: Some(policy.version.clone()),
        verdict: Some(ResultKind::Denied),
        ..Filter::default()
    };
    let authors = registration.authors.split(':').filter(|author| !author.is_empty());
    Ok(PolicyPage {
        summary: summary(console, state, policy),
        crate_name: registration.crate_name.to_owned(),
        crate_version: registration.crate_version.to_owned(),
        authors: authors.map(str::to_owned).collect(),
        checks: registration.checks.iter().map(|check| check_summary(policy, check)).collect(),
        grants: grants(app.program.grants_of(registration.crate_name)),
        limits: limits(policy),
        settings,
        settings_schema: settings_schema.ok().flatten().map(table),
        input_schema: input_schema.map(table),
        versions: console
            .registry
            .versions(policy.entry.name())
            .iter()
            .map(|entry| entry.version.to_string())
            .collect(),
        shadow_decisions: policy.shadow.as_ref().map(|shadow| {
            let shadow = shadow.policy();
            let outcomes = shadow.metrics.outcomes().into_iter();
            Shadow {
                policy: shadow.entry.name().to_owned(),
                version: shadow.version.clone(),
                sample: shadow.sample.to_string(),
                outcomes: outcomes
                    .map(|(outcome, shadow_outcome, decisions)| ShadowOutcome {
                        outcome,
                        shadow_outcome,
                        decisions,
                    })
                    .collect(),
                shed: shed(&shadow.metrics),
            }
        }),
        last_denials: decisions::last_of(app, state, &denials, MAX_DENIALS),
    })
}

fn shed(metrics: &ShadowMetrics) -> Vec<Shed> {
    let shed = metrics.shed_by_reason().into_iter();
    shed.map(|(reason, questions)| Shed { reason, questions }).collect()
}

/// What crates may do while they run.
pub(super) fn grants(grants: &[program::Grant]) -> Vec<Grant> {
    let grant = |grant: &program::Grant| Grant {
        grant: grant.to_string(),
        reason: grant.reason.to_owned(),
    };
    grants.iter().map(grant).collect()
}

fn check_summary(policy: &ServedPolicy, check: &Check) -> CheckSummary {
    CheckSummary {
        id: check.id.to_owned(),
        severity: format!("{:?}", check.severity).to_lowercase(),
        summary: check.summary.to_owned(),
        url: check.link.map(str::to_owned),
        denials: policy.metrics.denials_of(check.id),
    }
}

fn limits(policy: &ServedPolicy) -> PolicyLimits {
    let budget = policy.instance.budget();
    let duration = |time| humantime::format_duration(time).to_string();
    PolicyLimits {
        timeout: duration(policy.timeout),
        allocation_budget: budget.allocation.map(|bytes| ByteSize(bytes).to_string()),
        cpu_budget: budget.cpu.map(duration),
        max_stuck: policy.max_stuck as u64,
        blocking: policy.blocking.load(Ordering::Relaxed),
    }
}

/// The settings without their secrets. Where the author's code does not tell which they are, all are.
fn settings(policy: &ServedPolicy, schema: Result<&Option<Value>, &NoSchema>) -> Settings {
    let all_secret = json!({"writeOnly": true});
    let schema = schema.map_or(Some(&all_secret), Option::as_ref);
    Settings {
        digest: policy.settings_digest.clone(),
        value: masked(&policy.settings.value(), schema),
        from: policy.settings.origin.to_string(),
    }
}

fn table(schema: Value) -> Schema {
    Schema { fields: schema_fields::fields(&schema), schema }
}
