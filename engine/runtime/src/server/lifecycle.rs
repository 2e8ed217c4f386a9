//! The server's life: everything is checked before it listens, and everything answered before it
//! ends.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::build;
use super::http::auth::Tokens;
use super::http::memory_budget::MemoryBudget;
use super::listen::{Inherited, Listeners, Phase};
use super::policy::Readers;
use super::reload::{Reload, in_a_thread};
use super::signals::{Signals, Told};
use super::state::{App, Decisions, Diagnostics};
use super::systemd::{State, notify};
use super::trace::Spans;
use crate::config::{Config, Loaded, Named, PolicySelection, Sources, load_and_resolve};
use crate::decision_log::{DecisionLog, DecisionLogHandle};
use crate::documents::located::ConfigErrors;
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::program::Program;
use crate::system::stack;
use crate::system::watched_file::{self, WatchedFiles};
use crate::telemetry::Metrics;

/// Threads for what waits beside policies: files, standard output, name lookups.
const OTHER_THREADS: usize = 16;

/// Bytes of answers on health and figures, some hundred of them, that are being sent at one time:
/// as many again where nothing else is answered.
const OPERATORS_MEMORY: usize = 2 << 20;

/// For what was decided to be written down, at the least.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why nothing is served.
#[derive(Debug)]
pub(crate) enum ServeError {
    /// What was set is wrong.
    Config(ConfigErrors),
    /// What was set is right, as far as it tells, but cannot be had here: one sentence each.
    Start(Vec<String>),
}

/// Serves until it is told to end.
///
/// # Errors
/// Everything that keeps it from serving, one sentence each.
pub(crate) fn run(
    program: &Program,
    registry: Registry,
    sources: Sources,
    mut signals: Signals,
) -> Result<Outcome, ServeError> {
    let inherited = Inherited::take();
    let Some(loading) = load(sources, registry, &mut signals)? else {
        return Ok(told_early());
    };
    let Loading { loaded, policies, sources, registry } = loading;
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let runtime = runtime(processors + 1, &loaded.config, policies.len()).map_err(|error| {
        ServeError::Start(vec![format!("cannot start the threads that read requests: {error}")])
    })?;
    let readers = Arc::new(Readers::new(processors + 1));
    readers.keep_awake(runtime.handle().clone()).map_err(|error| {
        ServeError::Start(vec![format!("cannot start the thread that keeps others awake: {error}")])
    })?;
    let outcome = runtime.block_on(async {
        // With a timer that is always near, those of requests are never the next one, and setting
        // them wakes nobody.
        tokio::spawn(async {
            let mut near = tokio::time::interval(Duration::from_millis(50));
            loop {
                near.tick().await;
            }
        });
        let server = tokio::select! {
            biased;
            () = signals.end() => return Ok(told_early()),
            server = Server::start(program, &readers, &loaded, policies, inherited) => {
                server.map_err(ServeError::Start)?
            }
        };
        let reload = Reload { sources, registry, readers };
        Ok(server.serve(signals, reload, loaded.config).await)
    });
    // Who is stuck in a policy is not waited for.
    runtime.shutdown_background();
    outcome
}

/// What is to be served, and what it was loaded from.
struct Loading {
    loaded: Loaded,
    policies: Vec<Named>,
    sources: Sources,
    registry: Registry,
}

/// Loads the configuration, unless it is told to end first: a file, or a policy over its settings,
/// may take for ever.
fn load(
    sources: Sources,
    registry: Registry,
    signals: &mut Signals,
) -> Result<Option<Loading>, ServeError> {
    let start = |error: std::io::Error| {
        ServeError::Start(vec![format!("cannot load the configuration: {error}")])
    };
    let runtime = Builder::new_current_thread().enable_io().build().map_err(start)?;
    runtime.block_on(async {
        let load = in_a_thread(move || {
            load_and_resolve(&sources, &registry).map(|(loaded, policies)| Loading {
                loaded,
                policies,
                sources,
                registry,
            })
        });
        tokio::select! {
            biased;
            () = signals.end() => Ok(None),
            loading = load => loading.map_err(start)?.map(Some).map_err(ServeError::Config),
        }
    })
}

/// Nobody was let in yet.
fn told_early() -> Outcome {
    info!("told to end before it served: ended");
    Outcome::Allowed
}

/// One thread more than there are processors reads requests: policies never hold them all. Of the
/// other threads there are so many that no policy can take those of another: each may be asked by
/// all that are in flight before the first of them has overrun.
fn runtime(readers: usize, config: &Config, policies: usize) -> std::io::Result<Runtime> {
    let max_stuck = match &config.policies {
        PolicySelection::All { max_stuck, .. } => max_stuck.saturating_mul(policies),
        PolicySelection::Named(all) => {
            all.values().fold(0_usize, |sum, it| sum.saturating_add(it.max_stuck))
        }
    };
    let in_flight = config.limits.in_flight;
    let blocking = in_flight
        .saturating_mul(policies.saturating_add(1))
        .saturating_add(max_stuck)
        .saturating_add(OTHER_THREADS);
    Builder::new_multi_thread()
        .worker_threads(readers)
        .max_blocking_threads(blocking)
        .thread_name("policy-engine")
        .thread_stack_size(stack::BYTES)
        .enable_all()
        .build()
}

/// A server that listens but has not let anybody in.
struct Server {
    app: Arc<App>,
    listeners: Listeners,
    decision_log: Option<DecisionLogHandle>,
    token_file: Option<WatchedFiles>,
}

impl Server {
    async fn start(
        program: &Program,
        readers: &Arc<Readers>,
        loaded: &Loaded,
        policies: Vec<Named>,
        inherited: Inherited,
    ) -> Result<Self, Vec<String>> {
        for warning in &loaded.warnings {
            warn!("{warning}");
        }
        let config = &loaded.config;
        let metrics = Metrics::new().map_err(|error| vec![error.to_string()])?;
        let mut problems = Vec::new();
        let (tokens, token_file) = match tokens(config) {
            Ok(tokens) => tokens.unzip(),
            Err(problem) => {
                problems.push(problem);
                (None, None)
            }
        };
        let log = config
            .decision_log
            .as_ref()
            .map(|log| DecisionLog::start(log, metrics.decision_log.clone()))
            .transpose();
        let (decision_log, log_running) = match log {
            Ok(log) => log.unzip(),
            Err(error) => {
                problems.push(error.to_string());
                (None, None)
            }
        };
        let spans = Spans::start().map_err(|problem| problems.push(problem)).ok();
        let tls = config.tls.as_ref();
        let mode = config.unix_socket_mode;
        let bound =
            Listeners::bind(&config.listen, &config.diagnostic_listen, mode, tls, inherited).await;
        let (listeners, spans) = match (bound, spans) {
            (Ok(listeners), Some(spans)) if problems.is_empty() => (listeners, spans),
            (Ok(_), _) => return Err(problems),
            (Err(errors), _) => {
                problems.extend(errors.iter().map(ToString::to_string));
                return Err(problems);
            }
        };
        let state = build::state(config, policies, &metrics, readers, None);
        let app = Arc::new(App {
            state: ArcSwap::from_pointee(state),
            metrics,
            memory: MemoryBudget::of_process(config.limits.bodies),
            operators_memory: MemoryBudget::new(OPERATORS_MEMORY),
            diagnostic_memory: MemoryBudget::new(OPERATORS_MEMORY),
            decision_log,
            tokens,
            spans,
            ready: AtomicBool::new(true),
            program: *program,
        });
        Ok(Self { app, listeners, decision_log: log_running, token_file })
    }

    async fn serve(self, mut signals: Signals, reload: Reload, config: Config) -> Outcome {
        let Self { app, listeners, decision_log, token_file } = self;
        for address in listeners.addresses() {
            info!(address, policies = app.state.load().deployment.all().len(), "serving");
        }
        for address in listeners.diagnostic_addresses() {
            info!(address, "serving health and metrics");
        }
        if let (Some(file), Some(tokens)) = (token_file, app.tokens.clone()) {
            tokio::spawn(
                file.watch(watched_file::INTERVAL, move |contents| {
                    tokens.replace(&contents.concat())
                }),
            );
        }
        let (limits, limits_seen) = watch::channel(config.limits.clone());
        let (phase, phase_seen) = watch::channel(Phase::Serving);
        let mut running = tokio::spawn(listeners.run(
            Decisions(Arc::clone(&app)),
            Diagnostics(Arc::clone(&app)),
            limits_seen,
            Arc::clone(&app.memory),
            app.metrics.connections.clone(),
            phase_seen,
        ));
        notify(State::Ready);
        let mut reload = reload.begin(&app, config, limits);
        loop {
            tokio::select! {
                told = signals.next() => match told {
                    Told::End => break,
                    // A file, or a policy over its settings, may take for ever.
                    Told::Reload => tokio::select! {
                        () = reload.now() => {}
                        () = signals.end() => break,
                    },
                },
                // It ends only when it is told to, or by a defect.
                _ = &mut running => {
                    error!("the server stopped listening");
                    return Outcome::Failed;
                }
            }
        }
        let config = reload.end();
        let ending = async { app.end(&phase, &config, running, decision_log).await };
        tokio::select! {
            outcome = ending => outcome,
            () = signals.end() => {
                warn!("told to end once more: ending at once");
                Outcome::Failed
            }
        }
    }
}

impl App {
    /// Not ready any more; then nobody is let in, who is in is answered, and what was decided is
    /// written down.
    async fn end(
        &self,
        phase: &watch::Sender<Phase>,
        config: &Config,
        mut running: tokio::task::JoinHandle<usize>,
        decision_log: Option<DecisionLogHandle>,
    ) -> Outcome {
        let ending = &config.shutdown;
        self.not_ready();
        notify(State::Stopping);
        info!(wait = ?ending.wait, grace = ?ending.grace, "ending");
        tokio::time::sleep(ending.wait).await;
        let deadline = tokio::time::Instant::now() + ending.grace;
        phase.send_replace(Phase::Draining);
        let ended = if let Ok(ended) = tokio::time::timeout_at(deadline, &mut running).await {
            ended
        } else {
            phase.send_replace(Phase::Ended);
            running.await
        };
        let cut_off = ended.unwrap_or_default();
        let mut outcome = Outcome::Allowed;
        if cut_off > 0 {
            warn!(connections = cut_off, "cut off: they had not ended within the grace period");
            outcome = Outcome::Failed;
        }
        // Also where requests took all of the grace period.
        let left = deadline.saturating_duration_since(tokio::time::Instant::now()).max(LAST_WORDS);
        let logged = async {
            match decision_log {
                Some(log) => log.close(left).await,
                None => Ok(()),
            }
        };
        // Spans are not worth an exit status.
        let (logged, ()) = tokio::join!(logged, self.spans.close(left));
        if let Err(lost) = logged {
            error!(events = lost.events, "decisions were not logged before the end");
            outcome = Outcome::Failed;
        }
        info!("ended");
        outcome
    }
}

/// The tokens of the file, when there is one, and the file, to be watched.
fn tokens(config: &Config) -> Result<Option<(Tokens, WatchedFiles)>, String> {
    let Some(path) = &config.tokens else { return Ok(None) };
    let mut file = WatchedFiles::new("tokens", vec![path.clone()]);
    let contents = file
        .read()
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let tokens = Tokens::of(&contents.concat())
        .map_err(|problem| format!("tokens: `{}` {problem}", path.display()))?;
    Ok(Some((tokens, file)))
}
