use policy_console::{
    Build, Confinement, DecisionLog, Dropped, Limit, LinkedCrate, ServerPage, Setting, Unit,
    Violated,
};

use super::policy::grants;
use crate::config::{EffectiveSetting, ShownValue};
use crate::server::console_state::Console;
use crate::server::console_state::timestamp;
use crate::server::state::{App, AppState};

/// The server: its configuration, its limits and how near they are, and its build.
pub(super) fn page(app: &App, console: &Console, state: &AppState) -> ServerPage {
    let (started, since) = console.started;
    let now = std::time::SystemTime::now();
    ServerPage {
        started: timestamp(started),
        uptime_seconds: since.elapsed().as_secs(),
        is_ready: app.is_ready(),
        listeners: console.listeners.clone(),
        certificates: console.certificates.as_ref().map(|all| all.all(now)).unwrap_or_default(),
        limits: limits(app, state),
        decision_log: decision_log(app, state),
        confinement: confinement(app),
        reloads: console.reloads.all(),
        settings: settings(state),
        build: build(app, console),
    }
}

fn limits(app: &App, state: &AppState) -> Vec<Limit> {
    let (limits, metrics) = (&state.limits, &app.metrics);
    let gauge = |gauge: &prometheus::IntGauge| u64::try_from(gauge.get()).unwrap_or_default();
    let limit =
        |setting, used, limit: usize, unit| Limit { setting, used, limit: limit as u64, unit };
    vec![
        limit(
            "limits.connections",
            gauge(&metrics.connections.open),
            limits.connections,
            Unit::Count,
        ),
        limit(
            "limits.in-flight",
            gauge(&metrics.requests.in_flight),
            limits.in_flight,
            Unit::Count,
        ),
        limit("limits.queue", gauge(&metrics.requests.queued), limits.queue, Unit::Count),
        limit("limits.bodies", app.memory.used() as u64, limits.bodies, Unit::Bytes),
        limit("limits.shadows", app.shadow_memory.used() as u64, limits.shadows, Unit::Bytes),
    ]
}

fn decision_log(app: &App, state: &AppState) -> Option<DecisionLog> {
    let to = state.settings.iter().find(|setting| setting.path == "decision-log.to")?;
    let ShownValue::Text(to) = &to.value else { return None };
    let metrics = &app.metrics.decision_log;
    let dropped = |reason: &str| Dropped {
        reason: reason.to_owned(),
        events: metrics.dropped.with_label_values(&[reason]).get(),
    };
    Some(DecisionLog {
        to: to.clone(),
        written: metrics.written.get(),
        queued: u64::try_from(metrics.queued.get()).unwrap_or_default(),
        failures: metrics.failures.get(),
        dropped: ["full", "too_large", "shutdown"].map(dropped).into(),
    })
}

fn confinement(app: &App) -> Confinement {
    let violations = app.metrics.violations_by_call().into_iter();
    Confinement {
        mode: app.confinement.mode.as_str().to_owned(),
        missing: app.confinement.missing().into_iter().map(str::to_owned).collect(),
        violations: violations.map(|(id, call, count)| Violated { id, call, count }).collect(),
    }
}

/// The configuration.
fn settings(state: &AppState) -> Vec<Setting> {
    let shown = |setting: &EffectiveSetting| Setting {
        path: setting.path.clone(),
        value: match &setting.value {
            ShownValue::Text(text) => Some(text.clone()),
            ShownValue::Json(json) => Some(json.get().to_owned()),
            ShownValue::Nothing => None,
        },
        from: setting.origin.to_string(),
    };
    state.settings.iter().map(shown).collect()
}

fn build(app: &App, console: &Console) -> Build {
    let program = &app.program;
    let linked = |linked: &crate::program::LinkedCrate| LinkedCrate {
        name: linked.name.to_owned(),
        version: linked.version.to_owned(),
        grants: grants(linked.grants),
    };
    Build {
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        api: policy_api::VERSION.to_owned(),
        target: program.target.to_owned(),
        revision: program.revision.map(str::to_owned),
        digest: console.program_digest.get().cloned().flatten(),
        crates: program.crates.iter().map(linked).collect(),
    }
}
