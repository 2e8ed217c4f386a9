use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::acceptor::{Acceptor, SharedContext};
use super::connection_memory::MemoryPool;
use super::error::BindError;
use super::handler::{RequestHandler, Surface};
use super::listener::Listener;
use super::open_files::{self, DIAGNOSTIC_CONNECTIONS};
use super::phase::ShutdownPhase;
use super::tls::{ServedCertificate, ServerTls};
use super::unix::UnixSocketFile;
use crate::config::{Address, Limits, Tls};
use crate::server::http::memory_budget::MemoryBudget;
use crate::server::systemd::InheritedSockets;
use crate::telemetry::ConnectionMetrics;

/// The memory of connections beside `limits.bodies`. Some hundred connections are accepted, and get
/// errors, whatever memory bodies hold.
const CONNECTIONS_MEMORY: usize = 8 << 20;

/// The memory of connections for diagnostics, and as much for the console.
const DIAGNOSTIC_MEMORY: usize = 4 << 20;

/// The time that connections have to close once they are cut off.
const CUT_OFF_TIME: Duration = Duration::from_millis(500);

/// Bound sockets that accept no connections yet.
#[derive(Debug)]
pub(crate) struct Listeners {
    decisions: Vec<Listener>,
    diagnostics: Vec<Listener>,
    console: Vec<Listener>,
    /// The console's address is one for diagnostics.
    has_open_diagnostics: bool,
    tls: Option<ServerTls>,
}

impl Listeners {
    /// Binds all addresses, within the runtime, and uses inherited sockets where they match.
    ///
    /// # Errors
    /// Everything that is wrong with the addresses and the certificates.
    pub(crate) async fn bind(
        listen: &[Address],
        diagnostics: &[Address],
        console: Option<&Address>,
        unix_socket_mode: u32,
        tls: Option<&Tls>,
        mut inherited: InheritedSockets,
    ) -> Result<Self, Vec<BindError>> {
        open_files::raise_limit();
        let mut errors = Vec::new();
        let tls = match tls.map(ServerTls::load).transpose() {
            Ok(tls) => tls,
            Err(wrong) => {
                errors.extend(wrong.into_iter().map(BindError::Tls));
                None
            }
        };
        let tls_is_wrong = !errors.is_empty();
        // The console serves diagnostics as well, so one socket is enough.
        let has_open_diagnostics = console.is_some_and(|console| diagnostics.contains(console));
        let diagnostics = diagnostics.iter().filter(|address| Some(*address) != console);
        let addresses: [Vec<&Address>; 3] =
            [listen.iter().collect(), diagnostics.collect(), console.into_iter().collect()];
        let mut bound = [Vec::new(), Vec::new(), Vec::new()];
        for (addresses, bound) in addresses.into_iter().zip(&mut bound) {
            for address in addresses {
                let handshake = tls.as_ref().map(ServerTls::handshake);
                match Listener::bind(address, unix_socket_mode, handshake, &mut inherited).await {
                    Ok(listener) => bound.push(listener),
                    // A certificate is configured, and its own error is reported.
                    Err(BindError::NoCertificate { .. }) if tls_is_wrong => {}
                    Err(error) => errors.push(error),
                }
            }
        }
        inherited.close();
        let [decisions, diagnostics, console] = bound;
        if errors.is_empty() {
            Ok(Self { decisions, diagnostics, console, has_open_diagnostics, tls })
        } else {
            Err(errors)
        }
    }

    /// URLs of [`Surface::Decisions`], with the ports that the system chose.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.decisions.iter().map(Listener::url)
    }

    /// URLs of [`Surface::Diagnostics`].
    pub(crate) fn diagnostic_addresses(&self) -> impl Iterator<Item = &str> {
        self.diagnostics.iter().map(Listener::url)
    }

    /// The URL of [`Surface::Console`].
    pub(crate) fn console_address(&self) -> Option<&str> {
        self.console.first().map(Listener::url)
    }

    /// The certificate in force, where one is served.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "the console shows it"))]
    pub(crate) fn certificate(&self) -> Option<ServedCertificate> {
        self.tls.as_ref().map(ServerTls::served)
    }

    /// The certificates, which are to be kept current while the server runs.
    pub(crate) fn take_tls(&mut self) -> Option<ServerTls> {
        self.tls.take()
    }

    /// The files of unix sockets, which are to be removed before [`ShutdownPhase::Draining`].
    pub(crate) fn take_socket_files(&mut self) -> Vec<UnixSocketFile> {
        let listeners = self.decisions.iter_mut().chain(&mut self.diagnostics);
        let listeners = listeners.chain(&mut self.console);
        listeners.filter_map(Listener::take_file).collect()
    }

    /// Accepts connections until [`ShutdownPhase::Draining`], then waits for them to close. Changed
    /// limits hold for new connections.
    ///
    /// Returns the number of connections that were cut off at [`ShutdownPhase::Ended`].
    pub(crate) async fn run(
        self,
        handler: impl RequestHandler,
        limits: watch::Receiver<Limits>,
        memory: Arc<MemoryBudget>,
        metrics: ConnectionMetrics,
        mut phase: watch::Receiver<ShutdownPhase>,
    ) -> usize {
        let (open, _) = watch::channel(());
        let connections = max_connections(&limits.borrow());
        let context = Arc::new(SharedContext {
            limits: limits.clone(),
            metrics,
            phase: phase.clone(),
            open,
            cut_off: AtomicUsize::new(0),
        });
        let gauge = &context.metrics.memory;
        let pool = MemoryPool::new(CONNECTIONS_MEMORY, Some(memory), gauge.clone());
        let decisions =
            Acceptor::new(handler.clone(), Surface::Decisions, connections, pool, &context);
        let pool = MemoryPool::new(DIAGNOSTIC_MEMORY, None, gauge.clone());
        let for_operators = |surface, pool| {
            Acceptor::new(handler.clone(), surface, DIAGNOSTIC_CONNECTIONS, pool, &context)
        };
        let diagnostics = for_operators(Surface::Diagnostics, pool);
        let pool = MemoryPool::new(DIAGNOSTIC_MEMORY, None, gauge.clone());
        let has_open_diagnostics = self.has_open_diagnostics;
        let console = for_operators(Surface::Console { has_open_diagnostics }, pool);

        let mut upkeep = JoinSet::new();
        upkeep.spawn(follow_limit(limits, connections, decisions.slots()));
        let mut accept_loops = JoinSet::new();
        for listener in self.decisions {
            accept_loops.spawn(decisions.clone().run(listener));
        }
        for listener in self.diagnostics {
            accept_loops.spawn(diagnostics.clone().run(listener));
        }
        for listener in self.console {
            accept_loops.spawn(console.clone().run(listener));
        }
        while accept_loops.join_next().await.is_some() {}
        drop(upkeep);
        tokio::select! {
            biased;
            () = context.open.closed() => {}
            () = ShutdownPhase::Ended.reached(&mut phase) => {
                // Connections notice by themselves, unless a response blocks their thread.
                drop(timeout(CUT_OFF_TIME, context.open.closed()).await);
            }
        }
        context.cut_off.load(Ordering::Relaxed) + context.open.receiver_count()
    }
}

/// The limit of connections for decisions.
fn max_connections(limits: &Limits) -> usize {
    open_files::connections(limits.connections.min(Semaphore::MAX_PERMITS))
}

/// Adjusts the number of slots, which is `total`, whenever the limit changes. Where there are too
/// many, the next ones that become free are removed.
async fn follow_limit(
    mut limits: watch::Receiver<Limits>,
    mut total: usize,
    slots: Arc<Semaphore>,
) {
    let mut wanted = total;
    loop {
        slots.add_permits(wanted.saturating_sub(total));
        total = total.max(wanted);
        total -= slots.forget_permits(total - wanted);
        let surplus = u32::try_from(total - wanted).unwrap_or(u32::MAX);
        tokio::select! {
            changed = limits.changed() => match changed {
                Ok(()) => wanted = max_connections(&limits.borrow_and_update()),
                Err(_) => return,
            },
            Ok(permits) = slots.acquire_many(surplus), if surplus > 0 => {
                permits.forget();
                total -= surplus as usize;
            }
        }
    }
}
