//! The server's life: everything is checked before it listens, and everything is answered before it
//! ends.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use arc_swap::ArcSwap;
use policy_confinement::Grants;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{error, info, warn};

#[cfg(feature = "console")]
use super::console;
#[cfg(feature = "console")]
use super::console_state::Console;
use super::http::auth::Tokens;
use super::http::memory_budget::MemoryBudget;
use super::listen::{BindError, Listeners, ShutdownPhase, UnixSocketFile};
use super::needs::needs;
use super::policy::WorkerSlots;
use super::reload::{Reload, on_own_thread, resolve};
use super::runtime::{self, GrantedRuntimes, Threads};
use super::service::AppService;
use super::signals::{SignalRequest, Signals};
use super::state::{App, AppState};
use super::systemd::{InheritedSockets, ServiceState, notify};
use super::trace::Spans;
use crate::config::{Config, Loaded, Named, Sources, Unresolved};
use crate::confinement::{self, Begun, Confinement, EarlierThreads};
use crate::decision_log::{DecisionLog, DecisionLogHandle};
use crate::documents::located::ConfigErrors;
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::program::Program;
use crate::system::watched_file::{self, WatchedFiles};
use crate::telemetry::Metrics;

/// Bytes of responses to operators that are being sent at one time, some hundred of them; as many
/// again where only diagnostics are served.
const OPERATORS_MEMORY: usize = 2 << 20;

/// The shortest time that is left for writing the decision log and spans at the end.
const MIN_FLUSH_TIME: Duration = Duration::from_secs(2);

/// The error of a server that does not start.
#[derive(Debug)]
pub(crate) enum ServeError {
    /// The configuration is wrong.
    Config(ConfigErrors),
    /// The configuration is right, but something that it asks for is not available: one message
    /// each.
    Start(Vec<String>),
}

/// Serves until a signal shuts the server down.
///
/// # Errors
/// Everything that keeps it from serving.
pub(crate) fn run(
    program: &Program,
    registry: Registry,
    sources: Sources,
    mut signals: Signals,
    earlier: &EarlierThreads,
) -> Result<Outcome, ServeError> {
    let inherited = InheritedSockets::take();
    let metrics = Metrics::new().map_err(|error| ServeError::Start(vec![error.to_string()]))?;
    let rest =
        runtime::build_rest().map_err(start_error("failed to watch for signals and timers"))?;
    let load = load(program, registry, sources, &metrics, earlier.clone(), &mut signals);
    let Some(loading) = rest.block_on(load)? else { return Ok(ended_early()) };
    let Loading { loaded, policies, sources, registry, confinement } = loading;
    let threads = Threads::new();
    let granted = GrantedRuntimes::start(&confinement)
        .map_err(start_error("failed to start the threads of policies with grants"))?;
    let slots = Arc::new(WorkerSlots::new(threads.workers));
    let polled = Arc::clone(&slots);
    let requests = confinement.zone(Grants::NONE).begin(move || threads.start(&polled));
    // The supervisor allows these threads one by one; meanwhile this thread makes the state.
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    let reload = Reload { sources, registry, workers: slots, granted: granted.handles() };
    let shadow_memory = MemoryBudget::new(loaded.config.limits.shadows);
    let resources = reload.resources(&metrics, &shadow_memory);
    let state = AppState::from_config(&loaded, policies, &resources, None);
    let requests = requests
        .and_then(Begun::wait)
        .flatten()
        .map_err(start_error("failed to start the threads that read requests"))?;
    let outcome = rest.block_on(async {
        let bind = runtime::within(requests.handle(), bind(&loaded.config, inherited));
        let listeners = tokio::select! {
            biased;
            () = signals.shutdown() => return Ok(ended_early()),
            listeners = bind => listeners,
        };
        // What is wrong with it is told where spans are started.
        let spans = Spans::destination().unwrap_or_default();
        let limits = &loaded.config.limits;
        let memory = MemoryBudget::with_process_bound(limits.bodies, limits.shadows);
        confinement.keep(needs(&loaded.config, &reload.sources, spans.as_ref()), earlier);
        confinement.forbid_dumps();
        let prepared =
            Prepared { program: *program, state, metrics, memory, shadow_memory, confinement };
        let server = BoundServer::start(&reload.registry, &loaded.config, prepared, listeners);
        let server = server.map_err(ServeError::Start)?;
        Ok(server.serve(signals, reload, loaded.config, requests.handle()).await)
    });
    // Neither evaluations that are stuck are waited for, nor file systems.
    requests.shutdown_background();
    granted.shutdown();
    rest.shutdown_background();
    outcome
}

fn start_error(action: &str) -> impl FnOnce(std::io::Error) -> ServeError {
    move |error| ServeError::Start(vec![format!("{action}: {error}")])
}

/// A configuration and its policies, and what they were loaded from.
struct Loading {
    loaded: Loaded,
    policies: Vec<Named>,
    sources: Sources,
    registry: Registry,
    confinement: Confinement,
}

/// Loads the configuration, unless a signal comes first: reading a file, or a policy's check of its
/// settings, may take forever. No code of a policy runs before it is confined.
async fn load(
    program: &Program,
    mut registry: Registry,
    sources: Sources,
    metrics: &Metrics,
    earlier: EarlierThreads,
    signals: &mut Signals,
) -> Result<Option<Loading>, ServeError> {
    let (program, violations) = (*program, metrics.violations.clone());
    let load = on_own_thread(move || {
        let read = Unresolved::load(&sources);
        let told = confinement::counted(violations);
        let confinement = registry
            .confine(&program, read.confinement(), &earlier, told)
            .map_err(start_error("failed to confine the policies"))?;
        let zone = confinement.zone(Grants::NONE);
        let has_console = read.config().is_some_and(|config| config.console.is_some());
        let (loaded, policies) = resolve(&zone, read, registry.clone(), has_console)
            .map_err(|error| ServeError::Start(vec![error.to_string()]))?
            .map_err(ServeError::Config)?;
        Ok(Loading { loaded, policies, sources, registry, confinement })
    });
    tokio::select! {
        biased;
        () = signals.shutdown() => Ok(None),
        loading = load => {
            loading.map_err(start_error("failed to load the configuration"))?.map(Some)
        }
    }
}

/// Binds what is listened on, with the threads that read requests to wait for it.
async fn bind(config: &Config, inherited: InheritedSockets) -> Result<Listeners, Vec<BindError>> {
    let Config { listen, diagnostic_listen, console, unix_socket_mode, tls, .. } = config;
    let console = console.as_ref().map(|console| &console.listen);
    let mode = *unix_socket_mode;
    Listeners::bind(listen, diagnostic_listen, console, mode, tls.as_ref(), inherited).await
}

fn ended_early() -> Outcome {
    info!("shut down before the server was ready: ended");
    Outcome::Allowed
}

/// What is made before files and connections are out of reach.
struct Prepared {
    program: Program,
    state: AppState,
    metrics: Metrics,
    /// It measures the process by a file, which it has opened.
    memory: Arc<MemoryBudget>,
    shadow_memory: Arc<MemoryBudget>,
    confinement: Confinement,
}

/// A server that listens but does not accept connections yet.
struct BoundServer {
    app: Arc<App>,
    listeners: Listeners,
    decision_log: Option<DecisionLogHandle>,
    token_file: Option<WatchedFiles>,
}

impl BoundServer {
    #[cfg_attr(
        not(feature = "console"),
        expect(unused_variables, reason = "the console has the policies of the registry tried")
    )]
    fn start(
        registry: &Registry,
        config: &Config,
        prepared: Prepared,
        listeners: Result<Listeners, Vec<BindError>>,
    ) -> Result<Self, Vec<String>> {
        let Prepared { program, state, metrics, memory, shadow_memory, confinement } = prepared;
        let mut problems = Vec::new();
        let (tokens, token_file) = match tokens(config) {
            Ok(tokens) => tokens.unzip(),
            Err(problem) => {
                problems.push(problem);
                (None, None)
            }
        };
        let log = config.decision_log.as_ref();
        let kept_bytes = config.console.as_ref().and_then(|console| console.decisions);
        let log = DecisionLog::start(log, kept_bytes, metrics.decision_log.clone());
        let (decision_log, log_running) = match log {
            Ok(log) => log,
            Err(error) => {
                problems.push(error.to_string());
                (None, None)
            }
        };
        let spans = Spans::start().map_err(|problem| problems.push(problem)).ok();
        let (listeners, spans) = match (listeners, spans) {
            (Ok(listeners), Some(spans)) if problems.is_empty() => (listeners, spans),
            (Ok(_), _) => return Err(problems),
            (Err(errors), _) => {
                problems.extend(errors.iter().map(ToString::to_string));
                return Err(problems);
            }
        };
        #[cfg(feature = "console")]
        let console = config
            .console
            .as_ref()
            .map(|console| Console::new(console, config, registry.clone(), &listeners));
        let app = Arc::new(App {
            state: ArcSwap::from_pointee(state),
            metrics,
            memory,
            operators_memory: MemoryBudget::new(OPERATORS_MEMORY),
            diagnostic_memory: MemoryBudget::new(OPERATORS_MEMORY),
            shadow_memory,
            decision_log,
            tokens,
            spans,
            ready: AtomicBool::new(true),
            program,
            confinement,
            #[cfg(feature = "console")]
            console,
        });
        Ok(Self { app, listeners, decision_log: log_running, token_file })
    }

    async fn serve(
        self,
        mut signals: Signals,
        reload: Reload,
        config: Config,
        requests: &Handle,
    ) -> Outcome {
        let Self { app, mut listeners, decision_log, token_file } = self;
        for address in listeners.addresses() {
            info!(address, policies = app.state.load().policies.all().len(), "serving");
        }
        for address in listeners.diagnostic_addresses() {
            info!(address, "serving health and metrics");
        }
        if let Some(address) = listeners.console_address() {
            info!(address, "serving the console");
        }
        #[cfg(feature = "console")]
        tokio::spawn(console::observe(Arc::clone(&app)));
        if let (Some(file), Some(tokens)) = (token_file, app.tokens.clone()) {
            tokio::spawn(
                file.watch(watched_file::INTERVAL, move |contents| {
                    tokens.replace(&contents.concat())
                }),
            );
        }
        if let Some(tls) = listeners.take_tls() {
            tokio::spawn(tls.keep_current(watched_file::INTERVAL));
        }
        let socket_files = listeners.take_socket_files();
        let (limits, limits_seen) = watch::channel(config.limits.clone());
        let (phase, phase_seen) = watch::channel(ShutdownPhase::Serving);
        let mut running = requests.spawn(listeners.run(
            AppService(Arc::clone(&app)),
            limits_seen,
            Arc::clone(&app.memory),
            app.metrics.connections.clone(),
            phase_seen,
        ));
        notify(ServiceState::Ready);
        let mut reload = reload.begin(&app, config, limits);
        loop {
            tokio::select! {
                request = signals.next() => match request {
                    SignalRequest::Shutdown => break,
                    // Reading a file, or a policy's check of its settings, may take forever.
                    SignalRequest::Reload => tokio::select! {
                        () = reload.run() => {}
                        () = signals.shutdown() => break,
                    },
                },
                // It ends before the shutdown only by a defect.
                _ = &mut running => {
                    error!("the server stopped listening");
                    return Outcome::Failed;
                }
            }
        }
        let config = reload.into_config();
        let serving = Serving { running, phase, socket_files, decision_log };
        tokio::select! {
            outcome = shut_down(&app, &config, serving) => outcome,
            () = signals.shutdown() => {
                warn!("told to end once more: ending at once");
                Outcome::Failed
            }
        }
    }
}

/// What ends in its turn when the server shuts down.
struct Serving {
    running: JoinHandle<usize>,
    phase: watch::Sender<ShutdownPhase>,
    socket_files: Vec<UnixSocketFile>,
    decision_log: Option<DecisionLogHandle>,
}

/// Shuts the server down: it is not ready any more, then accepts no connections, answers the
/// requests in flight, and writes down what was decided.
async fn shut_down(app: &App, config: &Config, serving: Serving) -> Outcome {
    let Serving { mut running, phase, socket_files, decision_log } = serving;
    let shutdown = &config.shutdown;
    app.set_not_ready();
    notify(ServiceState::Stopping);
    info!(wait = ?shutdown.wait, grace = ?shutdown.grace, "ending");
    tokio::time::sleep(shutdown.wait).await;
    let deadline = Instant::now() + shutdown.grace;
    // Before the sockets are closed, so that no client finds a dead one.
    drop(socket_files);
    phase.send_replace(ShutdownPhase::Draining);
    let ended = if let Ok(ended) = tokio::time::timeout_at(deadline, &mut running).await {
        ended
    } else {
        phase.send_replace(ShutdownPhase::Ended);
        running.await
    };
    let cut_off = ended.unwrap_or_default();
    let mut outcome = Outcome::Allowed;
    if cut_off > 0 {
        warn!(connections = cut_off, "cut off: they had not ended within the grace period");
        outcome = Outcome::Failed;
    }
    // Requests may have used up the grace period.
    let left = deadline.saturating_duration_since(Instant::now()).max(MIN_FLUSH_TIME);
    let logged = async {
        match decision_log {
            Some(log) => log.close(left).await,
            None => Ok(()),
        }
    };
    // Lost spans do not make the exit status a failure.
    let (logged, ()) = tokio::join!(logged, app.spans.close(left));
    if let Err(lost) = logged {
        error!(events = lost.events, "decisions were not logged before the end");
        outcome = Outcome::Failed;
    }
    info!("ended");
    outcome
}

/// Reads the file of tokens, if there is one. It is watched later.
fn tokens(config: &Config) -> Result<Option<(Tokens, WatchedFiles)>, String> {
    let Some(path) = &config.tokens else { return Ok(None) };
    let mut file = WatchedFiles::new("tokens", vec![path.clone()]);
    let contents = file
        .read()
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let tokens = Tokens::parse(&contents.concat())
        .map_err(|problem| format!("tokens: `{}` {problem}", path.display()))?;
    Ok(Some((tokens, file)))
}
