//! From a socket to requests: TCP, TLS and unix sockets, HTTP/1.1 and HTTP/2.

mod acceptor;
mod coalesce_wakes;
mod connection;
mod error;
mod idle;
mod inherited;
mod listener;
mod memory;
mod open_files;
mod peer;
mod request_body;
mod socket;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod unix;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::acceptor::{Common, Reception};
pub(crate) use self::error::BindError;
pub(crate) use self::inherited::Inherited;
use self::listener::Listener;
use self::memory::MemoryPool;
pub(crate) use self::peer::Peer;
pub(crate) use self::request_body::RequestBody;
use self::tls::ServerTls;
use super::http::memory_budget::MemoryBudget;
use crate::config::{Address, Limits, Tls};
use crate::system::watched_file;
use crate::telemetry::ConnectionMetrics;

/// Connections that ask for health and metrics, beside those that ask for decisions: a server
/// without room is still seen to be alive.
const DIAGNOSTIC_CONNECTIONS: usize = 64;

/// Memory of connections beside `limits.bodies`: some hundred of them are accepted, and told what
/// there is no memory for, whatever bodies hold.
const CONNECTIONS_MEMORY: usize = 8 << 20;

/// Memory of connections for diagnostics.
const DIAGNOSTIC_MEMORY: usize = 4 << 20;

/// How long connections have to go once they are cut off.
const LAST_GRACE: Duration = Duration::from_millis(500);

/// What answers requests.
pub(crate) trait Answer: Clone + Send + Sync + 'static {
    /// The response, made whole. It is dropped unfinished when the client goes away.
    fn answer(
        &self,
        request: Request<RequestBody>,
        peer: &Peer,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    /// Takes note of a request that could not be read, or not be taken up, and of the status that it
    /// was answered with, or would have been.
    fn turned_away(&self, status: StatusCode);
}

/// How far the server is on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// Nobody is let in any more; who is in is answered and sent home.
    Draining,
    /// Who is still in is cut off.
    Ended,
}

impl Phase {
    /// Waits until it has come, or whoever would tell is gone.
    async fn reached(self, phase: &mut watch::Receiver<Self>) {
        drop(phase.wait_for(|phase| *phase >= self).await);
    }
}

/// Sockets that nobody is let in by yet.
#[derive(Debug)]
pub(crate) struct Listeners {
    decisions: Vec<Listener>,
    diagnostics: Vec<Listener>,
    tls: Option<ServerTls>,
}

impl Listeners {
    /// Listens on all of them, inside the runtime: on the inherited sockets where they are the same,
    /// on new ones elsewhere.
    ///
    /// # Errors
    /// All that is wrong with the addresses and the certificates.
    pub(crate) async fn bind(
        listen: &[Address],
        diagnostics: &[Address],
        unix_socket_mode: u32,
        tls: Option<&Tls>,
        mut inherited: Inherited,
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
        let mut bound = [Vec::new(), Vec::new()];
        for (addresses, bound) in [listen, diagnostics].into_iter().zip(&mut bound) {
            for address in addresses {
                let handshake = tls.as_ref().map(ServerTls::handshake);
                match Listener::bind(address, unix_socket_mode, handshake, &mut inherited).await {
                    Ok(listener) => bound.push(listener),
                    // There would be one.
                    Err(BindError::NoCertificate { .. }) if tls_is_wrong => {}
                    Err(error) => errors.push(error),
                }
            }
        }
        inherited.close();
        let [decisions, diagnostics] = bound;
        if errors.is_empty() { Ok(Self { decisions, diagnostics, tls }) } else { Err(errors) }
    }

    /// URLs of where decisions are answered, with the ports that the system chose.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.decisions.iter().map(Listener::url)
    }

    /// The same, of where only diagnostics are.
    pub(crate) fn diagnostic_addresses(&self) -> impl Iterator<Item = &str> {
        self.diagnostics.iter().map(Listener::url)
    }

    /// Lets clients in until [`Phase::Draining`], then waits for them to leave. Changed limits hold
    /// for new connections.
    ///
    /// The answer is how many had not left at [`Phase::Ended`].
    pub(crate) async fn run(
        self,
        decisions: impl Answer,
        diagnostics: impl Answer,
        limits: watch::Receiver<Limits>,
        memory: Arc<MemoryBudget>,
        metrics: ConnectionMetrics,
        mut phase: watch::Receiver<Phase>,
    ) -> usize {
        let (open, _) = watch::channel(());
        let connections = wanted_places(&limits.borrow());
        let common = Arc::new(Common {
            limits: limits.clone(),
            metrics,
            phase: phase.clone(),
            open,
            cut_off: AtomicUsize::new(0),
        });
        let gauge = &common.metrics.memory;
        let pool = MemoryPool::new(CONNECTIONS_MEMORY, Some(memory), gauge.clone());
        let decisions = Reception::new(decisions, connections, pool, &common);
        let pool = MemoryPool::new(DIAGNOSTIC_MEMORY, None, gauge.clone());
        let diagnostics = Reception::new(diagnostics, DIAGNOSTIC_CONNECTIONS, pool, &common);

        let mut upkeep = JoinSet::new();
        upkeep.spawn(follow_limit(limits, connections, decisions.places()));
        if let Some(tls) = self.tls {
            upkeep.spawn(tls.keep_current(watched_file::INTERVAL));
        }
        let mut doors = JoinSet::new();
        for listener in self.decisions {
            doors.spawn(decisions.clone().run(listener));
        }
        for listener in self.diagnostics {
            doors.spawn(diagnostics.clone().run(listener));
        }
        while doors.join_next().await.is_some() {}
        drop(upkeep);
        tokio::select! {
            biased;
            () = common.open.closed() => {}
            () = Phase::Ended.reached(&mut phase) => {
                // They see it themselves, except where an answer holds a thread and does not yield.
                drop(timeout(LAST_GRACE, common.open.closed()).await);
            }
        }
        common.cut_off.load(Ordering::Relaxed) + common.open.receiver_count()
    }
}

/// Connections for decisions that there may be.
fn wanted_places(limits: &Limits) -> usize {
    open_files::connections(limits.connections.min(Semaphore::MAX_PERMITS))
}

/// Makes as many places as the limit says, whenever it changes. Where there are `total`, which is
/// too many, the next that become free are taken away.
async fn follow_limit(
    mut limits: watch::Receiver<Limits>,
    mut total: usize,
    places: Arc<Semaphore>,
) {
    let mut wanted = total;
    loop {
        places.add_permits(wanted.saturating_sub(total));
        total = total.max(wanted);
        total -= places.forget_permits(total - wanted);
        let surplus = u32::try_from(total - wanted).unwrap_or(u32::MAX);
        tokio::select! {
            changed = limits.changed() => match changed {
                Ok(()) => wanted = wanted_places(&limits.borrow_and_update()),
                Err(_) => return,
            },
            Ok(taken) = places.acquire_many(surplus), if surplus > 0 => {
                taken.forget();
                total -= surplus as usize;
            }
        }
    }
}
