use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use policy_confinement::{Grants, Mode};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

use super::http::memory_budget::MemoryBudget;
use super::policy::WorkerSlots;
use super::state::{App, AppState, PolicyResources};
use crate::config::{
    Address, Config, ConsoleConfig, Limits, Loaded, LogDestination, Named, Sources, Tls,
    Unresolved, WhenFull,
};
use crate::confinement::Zone;
use crate::documents::located::{ConfigError, ConfigErrors};
use crate::policies::Registry;
use crate::system::stack;
use crate::telemetry::Metrics;

/// The sources that a configuration is loaded from.
pub(super) struct Reload {
    pub(super) sources: Sources,
    pub(super) registry: Registry,
    pub(super) workers: Arc<WorkerSlots>,
    /// The runtimes of policies with grants.
    pub(super) granted: BTreeMap<Grants, Handle>,
}

/// Replaces the configuration of a running server.
pub(super) struct Reloader {
    from: Arc<Reload>,
    app: Arc<App>,
    /// The configuration in force.
    config: Config,
    /// The settings of sockets and of the decision log's writer.
    started: StartSettings,
    limits: watch::Sender<Limits>,
}

impl Reload {
    pub(super) fn resources<'a>(
        &'a self,
        metrics: &'a Metrics,
        shadow_memory: &'a Arc<MemoryBudget>,
    ) -> PolicyResources<'a> {
        let Self { workers, granted, .. } = self;
        PolicyResources { metrics, workers, granted, shadow_memory }
    }

    pub(super) fn begin(
        self,
        app: &Arc<App>,
        config: Config,
        limits: watch::Sender<Limits>,
    ) -> Reloader {
        let started = StartSettings::new(&config);
        Reloader { from: Arc::new(self), app: Arc::clone(app), config, started, limits }
    }
}

impl Reloader {
    /// Loads the configuration. Where it has mistakes, all of them are logged and the former one
    /// stays. Requests in flight keep the configuration that they began with.
    pub(super) async fn run(&mut self) {
        if let Some(log) = &self.app.decision_log {
            log.reopen();
        }
        let from = Arc::clone(&self.from);
        let zone = self.app.confinement.zone(Grants::NONE);
        let has_console = self.started.console.is_some();
        let load = move || {
            let read = Unresolved::load(&from.sources);
            resolve(&zone, read, from.registry.clone(), has_console)
        };
        let outcome = match on_own_thread(load).await.flatten() {
            Ok(Ok((loaded, policies))) => self.apply(loaded, policies),
            Ok(Err(mistakes)) => Err(refused(&mistakes)),
            Err(error) => {
                error!("failed to load the configuration, the former stays: {error}");
                Err(vec![error.to_string()])
            }
        };
        let label = if outcome.is_ok() { "ok" } else { "invalid" };
        self.app.metrics.requests.reloads.with_label_values(&[label]).inc();
        #[cfg(feature = "console")]
        if let Some(console) = &self.app.console {
            console.reloads.record(outcome.err().unwrap_or_default());
        }
    }

    /// The configuration in force at the end.
    pub(super) fn into_config(self) -> Config {
        self.config
    }

    /// # Errors
    /// What is wrong; the former configuration stays.
    fn apply(&mut self, mut loaded: Loaded, policies: Vec<Named>) -> Result<(), Vec<String>> {
        for warning in &loaded.warnings {
            warn!("{warning}");
        }
        let pending: Vec<_> =
            self.started.differences(&StartSettings::new(&loaded.config)).collect();
        for name in &pending {
            warn!("`{name}` has changed: restart the server to apply it");
        }
        let former = self.app.state.load();
        loaded.keep_in_force(&pending, &former.settings);
        let config = &loaded.config;
        if let (Some(log), Some(settings)) = (&self.app.decision_log, &config.decision_log)
            && let Err(error) = log.set_redaction(settings)
        {
            error!("the configuration is wrong, the former stays: {error}");
            return Err(vec![error.to_string()]);
        }
        let resources = self.from.resources(&self.app.metrics, &self.app.shadow_memory);
        let state = AppState::from_config(&loaded, policies, &resources, Some(&former));
        let policies = state.policies.all().len();
        self.app.state.store(Arc::new(state));
        self.app.memory.set_limit(config.limits.bodies);
        self.app.memory.set_beside(config.limits.shadows);
        self.app.shadow_memory.set_limit(config.limits.shadows);
        self.limits.send_replace(config.limits.clone());
        self.config = loaded.config;
        #[cfg(feature = "console")]
        if let Some(console) = &self.app.console {
            console.reloads.set_pending(pending);
        }
        info!(policies, "loaded the configuration");
        Ok(())
    }
}

/// Logs the mistakes of a configuration.
fn refused(errors: &ConfigErrors) -> Vec<String> {
    let log = |mistake: &ConfigError| {
        error!("the configuration is wrong, the former stays: {mistake}");
        mistake.to_string()
    };
    errors.iter().map(log).collect()
}

/// Runs what may take long, or panic, on a thread of its own: policies that are stuck may hold all
/// others.
pub(super) async fn on_own_thread<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new().name("reload".to_owned()).stack_size(stack::BYTES).spawn(
        move || {
            // The receiver may be gone.
            drop(sender.send(run()));
        },
    )?;
    receiver.await.map_err(|_| io::Error::other("its thread panicked"))
}

/// Resolves the policies of a configuration on one thread of the zone without grants. A change of
/// threads takes longer than most policies take to read their settings.
///
/// # Errors
/// When the system gives no thread; everything that is wrong with the configuration.
pub(super) fn resolve(
    zone: &Zone,
    read: Unresolved,
    registry: Registry,
    has_console: bool,
) -> io::Result<Result<(Loaded, Vec<Named>), ConfigErrors>> {
    let resolve = move || {
        let (mut loaded, policies) = read.resolve(&registry)?;
        if has_console {
            loaded.hide_secrets(&registry);
        }
        Ok((loaded, policies))
    };
    zone.run(resolve).map_err(|error| {
        io::Error::other(format!("failed to start a thread for the policies' settings: {error}"))
    })
}

/// The settings that a reload does not change.
struct StartSettings {
    listen: Vec<Address>,
    diagnostic_listen: Vec<Address>,
    console: Option<ConsoleConfig>,
    unix_socket_mode: u32,
    tls: Option<Tls>,
    tokens: Option<PathBuf>,
    decision_log: Option<(LogDestination, usize, WhenFull)>,
    confinement: Mode,
}

impl StartSettings {
    fn new(config: &Config) -> Self {
        let log = config.decision_log.clone();
        Self {
            listen: config.listen.clone(),
            diagnostic_listen: config.diagnostic_listen.clone(),
            console: config.console.clone(),
            unix_socket_mode: config.unix_socket_mode,
            tls: config.tls.clone(),
            tokens: config.tokens.clone(),
            decision_log: log.map(|log| (log.to, log.buffer, log.when_full)),
            confinement: config.confinement,
        }
    }

    fn differences(&self, now: &Self) -> impl Iterator<Item = &'static str> {
        [
            ("listen", self.listen != now.listen),
            ("diagnostic-listen", self.diagnostic_listen != now.diagnostic_listen),
            ("console", self.console != now.console),
            ("unix-socket-mode", self.unix_socket_mode != now.unix_socket_mode),
            ("tls", self.tls != now.tls),
            ("tokens", self.tokens != now.tokens),
            ("decision-log", self.decision_log != now.decision_log),
            ("confinement", self.confinement != now.confinement),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
    }
}
