use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tracing::{error, info, warn};

use super::build;
use super::policy::Readers;
use super::state::App;
use crate::config::{
    Address, Config, Limits, Loaded, LogDestination, Named, Sources, Tls, WhenFull,
    load_and_resolve,
};
use crate::documents::located::ConfigErrors;
use crate::policies::Registry;
use crate::system::stack;

/// What a configuration is loaded from, again and again.
pub(super) struct Reload {
    pub(super) sources: Sources,
    pub(super) registry: Registry,
    pub(super) readers: Arc<Readers>,
}

/// A server that can be given another configuration while it serves.
pub(super) struct Reloading {
    from: Arc<Reload>,
    app: Arc<App>,
    /// What counts now.
    config: Config,
    /// What sockets and the decision log's writer were made of.
    started: Started,
    limits: watch::Sender<Limits>,
}

impl Reload {
    pub(super) fn begin(
        self,
        app: &Arc<App>,
        config: Config,
        limits: watch::Sender<Limits>,
    ) -> Reloading {
        let started = Started::of(&config);
        Reloading { from: Arc::new(self), app: Arc::clone(app), config, started, limits }
    }
}

impl Reloading {
    /// Loads the configuration. Where anything is wrong with it, all is told and the former one
    /// stays. Requests in flight end by the one that they began with.
    pub(super) async fn now(&mut self) {
        if let Some(log) = &self.app.decision_log {
            log.reopen();
        }
        let from = Arc::clone(&self.from);
        let outcome =
            match in_a_thread(move || load_and_resolve(&from.sources, &from.registry)).await {
                Ok(Ok((loaded, policies))) => self.take(loaded, policies),
                Ok(Err(mistakes)) => self.refuse(&mistakes),
                Err(error) => {
                    error!("the configuration could not be loaded, the former stays: {error}");
                    "invalid"
                }
            };
        self.app.metrics.requests.reloads.with_label_values(&[outcome]).inc();
    }

    /// The configuration that counts in the end.
    pub(super) fn end(self) -> Config {
        self.config
    }

    fn take(&mut self, loaded: Loaded, policies: Vec<Named>) -> &'static str {
        for warning in &loaded.warnings {
            warn!("{warning}");
        }
        let config = loaded.config;
        for name in self.started.differences(&Started::of(&config)) {
            warn!("`{name}` has changed: that counts only after the server is started again");
        }
        if let (Some(log), Some(settings)) = (&self.app.decision_log, &config.decision_log)
            && let Err(error) = log.set_redaction(settings)
        {
            error!("the configuration is wrong, the former stays: {error}");
            return "invalid";
        }
        let before = self.app.state.load();
        let readers = &self.from.readers;
        let state = build::state(&config, policies, &self.app.metrics, readers, Some(&before));
        let policies = state.deployment.all().len();
        self.app.state.store(Arc::new(state));
        self.app.memory.set_limit(config.limits.bodies);
        self.limits.send_replace(config.limits.clone());
        self.config = config;
        info!(policies, "loaded the configuration");
        "ok"
    }

    #[expect(clippy::unused_self, reason = "reads as the other outcome does")]
    fn refuse(&self, errors: &ConfigErrors) -> &'static str {
        for mistake in errors.iter() {
            error!("the configuration is wrong, the former stays: {mistake}");
        }
        "invalid"
    }
}

/// Runs what may take long, or panic, on a thread of its own: policies that hang may hold all the
/// others.
pub(super) async fn in_a_thread<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("reload".to_owned()).stack_size(stack::BYTES).spawn(
        move || {
            // Nobody may wait for it any more.
            drop(tell.send(run()));
        },
    )?;
    told.await.map_err(|_| std::io::Error::other("its thread broke off"))
}

/// What stays as it was until the server is started again.
struct Started {
    listen: Vec<Address>,
    diagnostic_listen: Vec<Address>,
    unix_socket_mode: u32,
    tls: Option<Tls>,
    tokens: Option<PathBuf>,
    decision_log: Option<(LogDestination, usize, WhenFull)>,
}

impl Started {
    fn of(config: &Config) -> Self {
        let log = config.decision_log.clone();
        Self {
            listen: config.listen.clone(),
            diagnostic_listen: config.diagnostic_listen.clone(),
            unix_socket_mode: config.unix_socket_mode,
            tls: config.tls.clone(),
            tokens: config.tokens.clone(),
            decision_log: log.map(|log| (log.to, log.buffer, log.when_full)),
        }
    }

    fn differences(&self, now: &Self) -> impl Iterator<Item = &'static str> {
        [
            ("listen", self.listen != now.listen),
            ("diagnostic-listen", self.diagnostic_listen != now.diagnostic_listen),
            ("unix-socket-mode", self.unix_socket_mode != now.unix_socket_mode),
            ("tls", self.tls != now.tls),
            ("tokens", self.tokens != now.tokens),
            ("decision-log", self.decision_log != now.decision_log),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
    }
}
