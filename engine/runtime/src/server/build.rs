//! From a configuration to what is served.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};
use tracing::error;

use super::http::concurrency::Gate;
use super::http::route::Path;
use super::policy::deployment::Deployment;
use super::policy::{Readers, Served};
use super::state::State;
use crate::config::{Config, Named, Resolved};
use crate::policies::Settings;
use crate::telemetry::Metrics;

/// Makes what is served of a configuration and the policies that it resolved to; those that are
/// not valid are skipped, which only a configuration that says so comes to.
///
/// What is in flight while a configuration is loaded counts on after it: the gate stays while the
/// limits do, and so does what is known of policies that are still served.
pub(super) fn state(
    config: &Config,
    policies: Vec<Named>,
    metrics: &Metrics,
    readers: &Arc<Readers>,
    before: Option<&State>,
) -> State {
    let mut all = Vec::with_capacity(policies.len());
    let log = config.decision_log.as_ref();
    let discreet = log.is_some_and(|log| !log.erase.is_empty() || !log.mask.is_empty());
    let mut skipped = BTreeMap::new();
    for (id, policy) in policies {
        match policy {
            Ok(resolved) => {
                let version = &resolved.entry.version;
                let before = before.and_then(|state| state.deployment.exactly(&id, version));
                all.push(served(id, resolved, metrics, readers, discreet, before));
            }
            Err(mistake) => {
                error!(id, "the policy is skipped: {mistake}");
                skipped.insert(id, mistake.to_string());
            }
        }
    }
    let limits = &config.limits;
    let gate = before.filter(|before| before.limits == *limits).map(|it| Arc::clone(&it.gate));
    State {
        deployment: Deployment::new(all, skipped),
        gate: gate.unwrap_or_else(|| Arc::new(Gate::new(limits, metrics.requests.clone()))),
        limits: config.limits.clone(),
        default_decision: config.default_decision.as_ref().map(|it| Path::new(&it.path)),
        labels: config.decision_log.as_ref().map(|log| log.labels.clone()).unwrap_or_default(),
    }
}

fn served(
    id: String,
    resolved: Resolved,
    metrics: &Metrics,
    readers: &Arc<Readers>,
    discreet: bool,
    before: Option<&Arc<Served>>,
) -> Served {
    let Resolved { entry, config, instance } = resolved;
    let before = before.filter(|before| before.entry.name() == entry.name());
    let learnt = before.is_some_and(|before| before.blocking.load(Ordering::Relaxed));
    let asked_for = config.blocking.unwrap_or(entry.registration.blocking);
    let version = entry.version.to_string();
    Served {
        metrics: metrics.policy(&id, entry.name(), &version),
        settings_digest: digest(&config.settings),
        timeout: config.timeout,
        mode: config.mode,
        max_stuck: config.max_stuck,
        discreet,
        blocking: AtomicBool::new(asked_for || learnt),
        stuck: before.map(|before| Arc::clone(&before.stuck)).unwrap_or_default(),
        readers: Arc::clone(readers),
        id,
        entry,
        version,
        instance,
    }
}

/// The same for settings that say the same, in whatever order and layout.
fn digest(settings: &Settings) -> String {
    let sorted = serde_json::from_slice::<serde_json::Value>(settings.as_json())
        .map_or_else(|_| settings.as_json().to_vec(), |value| value.to_string().into_bytes());
    let digest = Sha256::digest(&sorted);
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
