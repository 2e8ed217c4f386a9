use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tracing::{error, warn};

use super::connection::{self, CloseReason};
use super::connection_memory::{ConnectionMemory, MemoryPool};
use super::handler::{RequestHandler, Surface};
use super::listener::{AcceptQueue, Accepted, Listener};
use super::phase::ShutdownPhase;
use super::socket::BACKLOG;
use crate::config::Limits;
use crate::telemetry::ConnectionMetrics;

/// The pause after the system has refused to accept a connection.
const PAUSE: Duration = Duration::from_millis(75);

/// The context that all connections share.
#[derive(Debug)]
pub(super) struct SharedContext {
    pub(super) limits: watch::Receiver<Limits>,
    pub(super) metrics: ConnectionMetrics,
    pub(super) phase: watch::Receiver<ShutdownPhase>,
    /// Each open connection has a receiver, by which it is counted and awaited.
    pub(super) open: watch::Sender<()>,
    /// The number of connections that were cut off.
    pub(super) cut_off: AtomicUsize,
}

/// Accepts connections for one surface.
#[derive(Debug, Clone)]
pub(super) struct Acceptor<H> {
    handler: H,
    surface: Surface,
    slots: Arc<Semaphore>,
    pool: MemoryPool,
    context: Arc<SharedContext>,
}

/// A place among the connections that the limit allows, and the memory for one.
type Resources = (OwnedSemaphorePermit, Arc<ConnectionMemory>);

/// The slot of a connection, from when it is accepted until it is closed.
struct ConnectionSlot {
    _permit: OwnedSemaphorePermit,
    _open: watch::Receiver<()>,
    gauge: IntGauge,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

impl<H: RequestHandler> Acceptor<H> {
    pub(super) fn new(
        handler: H,
        surface: Surface,
        slots: usize,
        pool: MemoryPool,
        context: &Arc<SharedContext>,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(slots));
        Self { handler, surface, slots, pool, context: Arc::clone(context) }
    }

    /// The slots that are free.
    pub(super) fn slots(&self) -> Arc<Semaphore> {
        Arc::clone(&self.slots)
    }

    /// Accepts until the server drains, and serves each connection in a task of its own. Then it
    /// accepts the connections in the system's queue and closes the socket.
    pub(super) async fn run(self, listener: Listener) {
        let mut phase = self.context.phase.clone();
        let mut warned = Warned::default();
        let last = loop {
            let accepted = tokio::select! {
                biased;
                () = ShutdownPhase::Draining.reached(&mut phase) => break None,
                accepted = self.accept(&listener, &mut warned) => accepted,
            };
            let Some(accepted) = accepted else { continue };
            // It waits here for a slot, and those after it in the system's queue.
            let (permit, memory) = tokio::select! {
                biased;
                Some(resources) = self.acquire(&accepted, &listener, &mut warned) => resources,
                () = ShutdownPhase::Draining.reached(&mut phase) => break Some(accepted),
            };
            let slot = self.occupy(permit);
            tokio::spawn(self.clone().serve_connection(accepted, memory, slot));
        };
        self.accept_queued(listener, last);
    }

    async fn accept(&self, listener: &Listener, warned: &mut Warned) -> Option<Accepted> {
        match listener.accept().await {
            Ok(accepted) => {
                warned.accept_failed = false;
                Some(accepted)
            }
            Err(error) if is_of_the_client(&error) => None,
            Err(error) => {
                if !std::mem::replace(&mut warned.accept_failed, true) {
                    error!(address = listener.url(), %error, "failed to accept connections");
                }
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    /// Acquires a slot and memory, and warns where it has to wait for them.
    async fn acquire(
        &self,
        accepted: &Accepted,
        listener: &Listener,
        warned: &mut Warned,
    ) -> Option<Resources> {
        let address = listener.url();
        let permit = if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            warned.full = false;
            permit
        } else {
            if !std::mem::replace(&mut warned.full, true) {
                warn!(address, "too many connections (`limits.connections`): the next ones wait");
            }
            Arc::clone(&self.slots).acquire_owned().await.ok()?
        };
        if let Ok(memory) = self.pool.connection(accepted.is_tls()) {
            warned.exhausted = false;
            return Some((permit, memory));
        }
        if !std::mem::replace(&mut warned.exhausted, true) {
            warn!(address, "no memory for more connections (`limits.bodies`): the next ones wait");
        }
        Some((permit, self.memory(accepted).await))
    }

    /// Waits for the memory of a connection.
    async fn memory(&self, accepted: &Accepted) -> Arc<ConnectionMemory> {
        loop {
            match self.pool.connection(accepted.is_tls()) {
                Ok(memory) => return memory,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Accepts the connections in the system's queue, which it would reset, and closes the socket.
    /// They are served as slots become free. Connections beyond the queue's size, which may arrive
    /// meanwhile, are left out.
    fn accept_queued(&self, listener: Listener, last: Option<Accepted>) {
        let url = listener.url().to_owned();
        let queue = match listener.into_queue() {
            Ok(queue) => queue,
            Err(error) => {
                error!(address = url, %error, "failed to accept the last connections");
                return;
            }
        };
        for accepted in last.into_iter().chain(queued(&queue, &url)) {
            let acceptor = self.clone();
            // Counts the connection as open while it waits.
            let open = self.context.open.subscribe();
            tokio::spawn(async move {
                let mut phase = acceptor.context.phase.clone();
                tokio::select! {
                    biased;
                    () = ShutdownPhase::Ended.reached(&mut phase) => {
                        acceptor.context.cut_off.fetch_add(1, Ordering::Relaxed);
                    }
                    Some((permit, memory)) = acceptor.acquire_last(&accepted) => {
                        let slot = acceptor.occupy(permit);
                        drop(open);
                        acceptor.serve_connection(accepted, memory, slot).await;
                    }
                }
            });
        }
    }

    async fn acquire_last(&self, accepted: &Accepted) -> Option<Resources> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        Some((permit, self.memory(accepted).await))
    }

    fn occupy(&self, permit: OwnedSemaphorePermit) -> ConnectionSlot {
        let gauge = self.context.metrics.open.clone();
        gauge.inc();
        self.context.metrics.accepted.inc();
        ConnectionSlot { _permit: permit, _open: self.context.open.subscribe(), gauge }
    }

    async fn serve_connection(
        self,
        accepted: Accepted,
        memory: Arc<ConnectionMemory>,
        slot: ConnectionSlot,
    ) {
        let Self { handler, surface, context, .. } = self;
        let limits = context.limits.borrow().clone();
        let phase = context.phase.clone();
        let now = Instant::now();
        let reason =
            connection::serve(accepted, memory, now, handler, surface, &limits, phase).await;
        if let Some(label) = reason.label() {
            context.metrics.closed.with_label_values(&[label]).inc();
        }
        if reason == CloseReason::CutOff {
            context.cut_off.fetch_add(1, Ordering::Relaxed);
        }
        drop(slot);
    }
}

/// Accepts what the system has in its queue.
fn queued(queue: &AcceptQueue, url: &str) -> impl Iterator<Item = Accepted> {
    let mut left = BACKLOG;
    std::iter::from_fn(move || {
        loop {
            left = left.checked_sub(1)?;
            match queue.next() {
                Ok(accepted) => return Some(accepted),
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    if error.kind() != io::ErrorKind::WouldBlock {
                        error!(address = url, %error, "failed to accept the last connections");
                    }
                    return None;
                }
            }
        }
    })
}

/// The conditions that have been logged, and last.
#[derive(Debug, Default)]
struct Warned {
    full: bool,
    exhausted: bool,
    accept_failed: bool,
}

/// Tells whether an error concerns one client alone.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
