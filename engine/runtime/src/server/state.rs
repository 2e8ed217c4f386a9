//! The state of the server, of which a configuration defines a part.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use policy_confinement::Grants;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tracing::error;

#[cfg(feature = "console")]
use super::console_state::Console;
use super::http::auth::Tokens;
use super::http::concurrency::ConcurrencyLimit;
use super::http::memory_budget::MemoryBudget;
#[cfg(feature = "console")]
use super::policy::PolicySettings;
use super::policy::{ServedPolicies, ServedPolicy, Shadow, ShadowPolicy, WorkerSlots};
use super::trace::Spans;
use crate::config::{
    Config, DecisionLogConfig, EffectiveSetting, Limits, Named, PolicyDefaults, Resolved,
    ResolvedShadow, ShadowConfig,
};
use crate::confinement::Confinement;
use crate::decision_log::DecisionLog;
use crate::documents::located::ConfigError;
use crate::policies::{CpuReading, PolicyPath, Settings};
use crate::program::Program;
use crate::telemetry::Metrics;

/// The parts of the server that stay for its whole life.
pub(crate) struct App {
    /// The parts that a reload replaces, all at once.
    pub(crate) state: ArcSwap<AppState>,
    pub(crate) metrics: Metrics,
    /// The memory of connections, requests and responses.
    pub(crate) memory: Arc<MemoryBudget>,
    /// The memory of responses to operators, who have to see a server without any other left.
    pub(crate) operators_memory: Arc<MemoryBudget>,
    /// The memory of responses where only diagnostics are served. Clients of decisions cannot
    /// exhaust it.
    pub(crate) diagnostic_memory: Arc<MemoryBudget>,
    /// The memory of questions for shadows.
    pub(crate) shadow_memory: Arc<MemoryBudget>,
    pub(crate) decision_log: Option<DecisionLog>,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) spans: Spans,
    /// The server takes new requests.
    pub(crate) ready: AtomicBool,
    pub(crate) program: Program,
    pub(crate) confinement: Confinement,
    #[cfg(feature = "console")]
    pub(crate) console: Option<Console>,
}

/// The parts of the server that a configuration defines.
pub(crate) struct AppState {
    pub(crate) policies: ServedPolicies,
    pub(crate) concurrency: Arc<ConcurrencyLimit>,
    pub(crate) limits: Limits,
    /// The decision for requests that name none, if the configuration sets it.
    pub(crate) default_decision: Option<PolicyPath>,
    /// The labels of the decision log's events, which `/v1/config` shows.
    pub(crate) labels: BTreeMap<String, String>,
    /// What holds for policies that are tried and not served.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "the console tries them"))]
    pub(crate) policy_defaults: PolicyDefaults,
    /// Every setting that counts, and where from, which the console shows.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "the console shows them"))]
    pub(crate) settings: Vec<EffectiveSetting>,
}

/// The parts of the server that its policies use.
pub(crate) struct PolicyResources<'a> {
    pub(crate) metrics: &'a Metrics,
    pub(crate) workers: &'a Arc<WorkerSlots>,
    /// The runtimes of policies with grants.
    pub(crate) granted: &'a BTreeMap<Grants, Handle>,
    pub(crate) shadow_memory: &'a Arc<MemoryBudget>,
}

impl App {
    pub(crate) fn set_not_ready(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

impl AppState {
    /// Makes the state of a configuration and of the policies that it resolves to. Invalid policies
    /// are skipped, which only a configuration that allows it gets this far with.
    ///
    /// After a reload, requests in flight still count: the concurrency limit stays while the limits
    /// are the same, and so does what is known of policies that are still served.
    pub(crate) fn from_config(
        config: &Config,
        settings: Vec<EffectiveSetting>,
        policies: Vec<Named>,
        resources: &PolicyResources<'_>,
        former: Option<&Self>,
    ) -> Self {
        let mut all = Vec::with_capacity(policies.len());
        let log = config.decision_log.as_ref();
        let mut skipped = BTreeMap::new();
        for (id, policy) in policies {
            match policy {
                Ok(resolved) => {
                    let version = &resolved.entry.version;
                    let former = former.and_then(|state| state.policies.exactly(&id, version));
                    all.push(Arc::new(served(id, resolved, resources, log, former)));
                }
                Err(mistake) => {
                    error!(id, "the policy is skipped: {mistake}");
                    skipped.insert(id, mistake.to_string());
                }
            }
        }
        let limits = &config.limits;
        let concurrency = match former {
            Some(former) if former.limits == *limits => Arc::clone(&former.concurrency),
            _ => Arc::new(ConcurrencyLimit::new(limits, resources.metrics.requests.clone())),
        };
        let default_decision = config.default_decision.as_ref();
        Self {
            policies: ServedPolicies::new(all, skipped),
            concurrency,
            limits: limits.clone(),
            default_decision: default_decision.map(|decision| PolicyPath::new(&decision.path)),
            labels: log.map(|log| log.labels.clone()).unwrap_or_default(),
            policy_defaults: config.policy_defaults,
            settings,
        }
    }
}

fn served(
    id: String,
    resolved: Resolved,
    resources: &PolicyResources<'_>,
    log: Option<&DecisionLogConfig>,
    former: Option<&Arc<ServedPolicy>>,
) -> ServedPolicy {
    let PolicyResources { metrics, workers, granted, .. } = resources;
    let Resolved { entry, config, instance, shadow } = resolved;
    let former_shadow = former.and_then(|former| former.shadow.as_ref());
    let former = former.filter(|former| former.entry.name() == entry.name());
    let learnt = former.is_some_and(|former| former.blocking.load(Ordering::Relaxed));
    let requested = config.blocking.unwrap_or(entry.registration.blocking);
    let version = entry.version.to_string();
    let discreet = log.is_some_and(|log| !log.erase.is_empty() || !log.mask.is_empty());
    // Beside an event of the log, the reading takes little.
    let cpu = if log.is_some() { CpuReading::Always } else { CpuReading::Sampled };
    let mut served = ServedPolicy {
        metrics: metrics.policy(&id, entry.name(), &version, entry.registration.checks),
        settings_digest: digest(&config.settings),
        timeout: config.timeout,
        mode: config.mode,
        max_stuck: config.max_stuck,
        discreet,
        blocking: AtomicBool::new(requested || learnt),
        stuck: former.map(|former| Arc::clone(&former.stuck)).unwrap_or_default(),
        workers: Arc::clone(workers),
        granted: granted.get(&entry.zone.grants()).cloned(),
        id,
        entry,
        version,
        instance: instance.with_cpu_reading(cpu),
        shadow: None,
        #[cfg(feature = "console")]
        settings: PolicySettings::new(
            config.settings.clone(),
            config.settings.origin().unwrap_or(&config.origin).clone(),
        ),
    };
    if let (Some(shadow), Some(config)) = (shadow, &config.shadow) {
        served.shadow = start_shadow(&served, shadow, config, resources, former_shadow);
    }
    served
}

/// Starts the shadow of a policy. Without it, the policy is served all the same.
fn start_shadow(
    beside: &ServedPolicy,
    resolved: Result<ResolvedShadow, ConfigError>,
    config: &ShadowConfig,
    resources: &PolicyResources<'_>,
    former: Option<&Shadow>,
) -> Option<Shadow> {
    let id = &beside.id;
    let ResolvedShadow { entry, instance } =
        resolved.inspect_err(|mistake| error!(id, "the shadow is skipped: {mistake}")).ok()?;
    let version = entry.version.to_string();
    let answering = beside.entry.name();
    let former = former
        .map(Shadow::policy)
        .filter(|former| (former.entry.name(), &former.version) == (entry.name(), &version));
    let labels = [id.as_str(), answering, &beside.version, entry.name(), &version];
    let policy = ShadowPolicy {
        metrics: resources.metrics.shadow(labels),
        id: id.clone(),
        answering: answering.to_owned(),
        answering_version: beside.version.clone(),
        settings_digest: digest(&config.settings),
        sample: config.sample,
        timeout: beside.timeout,
        max_stuck: beside.max_stuck,
        discreet: beside.discreet,
        stuck: former.map(|former| Arc::clone(&former.stuck)).unwrap_or_default(),
        memory: Arc::clone(resources.shadow_memory),
        entry,
        version,
        instance,
    };
    Shadow::start(policy)
        .inspect_err(|error| error!(id, "failed to start the thread of the shadow: {error}"))
        .ok()
}

/// The digest of settings, whatever their order and layout.
pub(crate) fn digest(settings: &Settings) -> String {
    let sorted = serde_json::from_slice::<serde_json::Value>(settings.as_json())
        .map_or_else(|_| settings.as_json().to_vec(), |value| value.to_string().into_bytes());
    sha256(Sha256::new().chain_update(&sorted))
}

/// `sha256:…` of what was digested.
pub(crate) fn sha256(digest: Sha256) -> String {
    let digest = digest.finalize();
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
