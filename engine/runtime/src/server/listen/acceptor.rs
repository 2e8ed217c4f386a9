use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tracing::{error, warn};

use super::connection::{self, End};
use super::listener::{Accepted, BACKLOG, Listener};
use super::memory::{ConnectionMemory, MemoryPool};
use super::{Answer, Phase};
use crate::config::Limits;
use crate::telemetry::ConnectionMetrics;

/// How long nobody is accepted after the system would not.
const PAUSE: Duration = Duration::from_millis(75);

/// What all connections share.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) limits: watch::Receiver<Limits>,
    pub(super) metrics: ConnectionMetrics,
    pub(super) phase: watch::Receiver<Phase>,
    /// Each open connection listens to it: so they are counted, and awaited.
    pub(super) open: watch::Sender<()>,
    /// Those that the end came too early for.
    pub(super) cut_off: AtomicUsize,
}

/// Lets clients in to one kind of answers.
#[derive(Debug, Clone)]
pub(super) struct Reception<A> {
    answer: A,
    places: Arc<Semaphore>,
    pool: MemoryPool,
    common: Arc<Common>,
}

/// A connection's place, from when it is accepted until it is closed.
struct Place {
    _permit: OwnedSemaphorePermit,
    _open: watch::Receiver<()>,
    gauge: IntGauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

impl<A: Answer> Reception<A> {
    pub(super) fn new(answer: A, places: usize, pool: MemoryPool, common: &Arc<Common>) -> Self {
        let places = Arc::new(Semaphore::new(places));
        Self { answer, places, pool, common: Arc::clone(common) }
    }

    /// How many more may come.
    pub(super) fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.places)
    }

    /// Accepts until the server drains, each client in a task of its own. Then those that the
    /// system has in its queue are the last, and the socket is closed.
    pub(super) async fn run(self, listener: Listener) {
        let mut phase = self.common.phase.clone();
        let mut mood = Mood::default();
        let last = loop {
            let accepted = tokio::select! {
                biased;
                () = Phase::Draining.reached(&mut phase) => break None,
                accepted = self.next(&listener, &mut mood) => accepted,
            };
            let Some(accepted) = accepted else { continue };
            // Until there is a place it is kept in hand, and those after it in the system's queue.
            let room = tokio::select! {
                biased;
                room = self.room(&accepted, &listener, &mut mood) => room,
                () = Phase::Draining.reached(&mut phase) => break Some(accepted),
            };
            let Some((permit, memory)) = room else { continue };
            let place = self.take(permit);
            tokio::spawn(self.clone().attend(accepted, memory, place));
        };
        self.empty(listener, last);
    }

    /// The next client.
    async fn next(&self, listener: &Listener, mood: &mut Mood) -> Option<Accepted> {
        match listener.accept().await {
            Ok(accepted) => {
                mood.refused = false;
                Some(accepted)
            }
            // The client's own doing: there may be another.
            Err(error) if is_of_the_client(&error) => None,
            Err(error) => {
                if !std::mem::replace(&mut mood.refused, true) {
                    error!(address = listener.url(), %error, "cannot accept connections");
                }
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    /// A place, and memory.
    async fn room(
        &self,
        accepted: &Accepted,
        listener: &Listener,
        mood: &mut Mood,
    ) -> Option<(OwnedSemaphorePermit, Arc<ConnectionMemory>)> {
        let address = listener.url();
        let permit = if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            mood.full = false;
            permit
        } else {
            if !std::mem::replace(&mut mood.full, true) {
                warn!(address, "no room for more connections: the next ones wait");
            }
            Arc::clone(&self.places).acquire_owned().await.ok()?
        };
        if let Ok(memory) = self.pool.connection(accepted.is_tls()) {
            mood.exhausted = false;
            return Some((permit, memory));
        }
        if !std::mem::replace(&mut mood.exhausted, true) {
            warn!(address, "no memory for more connections (`limits.bodies`): the next ones wait");
        }
        Some((permit, self.memory(accepted).await))
    }

    /// Memory, as soon as there is some.
    async fn memory(&self, accepted: &Accepted) -> Arc<ConnectionMemory> {
        loop {
            match self.pool.connection(accepted.is_tls()) {
                Ok(memory) => return memory,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Takes whoever waits in the system's queue, which would reset them, and closes the socket.
    /// They are answered as there are places. More than the queue holds, which may come
    /// meanwhile, are not waited for.
    fn empty(&self, listener: Listener, last: Option<Accepted>) {
        let url = listener.url().to_owned();
        let queue = match listener.into_queue() {
            Ok(queue) => queue,
            Err(error) => {
                error!(address = url, %error, "cannot accept the last connections");
                return;
            }
        };
        let mut left = BACKLOG;
        let queued = std::iter::from_fn(|| {
            loop {
                left = left.checked_sub(1)?;
                match queue.next() {
                    Ok(accepted) => return Some(accepted),
                    Err(error) if is_of_the_client(&error) => {}
                    Err(error) => {
                        if error.kind() != io::ErrorKind::WouldBlock {
                            error!(address = url, %error, "cannot accept the last connections");
                        }
                        return None;
                    }
                }
            }
        });
        for accepted in last.into_iter().chain(queued) {
            let reception = self.clone();
            // Whoever waits for all connections waits for this one, too.
            let open = self.common.open.subscribe();
            tokio::spawn(async move {
                let mut phase = reception.common.phase.clone();
                tokio::select! {
                    biased;
                    () = Phase::Ended.reached(&mut phase) => {
                        reception.common.cut_off.fetch_add(1, Ordering::Relaxed);
                    }
                    Some((permit, memory)) = reception.last_room(&accepted) => {
                        let place = reception.take(permit);
                        drop(open);
                        reception.attend(accepted, memory, place).await;
                    }
                }
            });
        }
    }

    async fn last_room(
        &self,
        accepted: &Accepted,
    ) -> Option<(OwnedSemaphorePermit, Arc<ConnectionMemory>)> {
        let permit = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some((permit, self.memory(accepted).await))
    }

    fn take(&self, permit: OwnedSemaphorePermit) -> Place {
        let gauge = self.common.metrics.open.clone();
        gauge.inc();
        self.common.metrics.accepted.inc();
        Place { _permit: permit, _open: self.common.open.subscribe(), gauge }
    }

    async fn attend(self, accepted: Accepted, memory: Arc<ConnectionMemory>, place: Place) {
        let limits = self.common.limits.borrow().clone();
        let phase = self.common.phase.clone();
        let now = Instant::now();
        let end = connection::serve(accepted, memory, now, self.answer, &limits, phase).await;
        if let Some(reason) = end.reason() {
            self.common.metrics.closed.with_label_values(&[reason]).inc();
        }
        if end == End::CutOff {
            self.common.cut_off.fetch_add(1, Ordering::Relaxed);
        }
        drop(place);
    }
}

impl End {
    /// As it is counted; what the client ended is not.
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Left => None,
            Self::Tls => Some("tls"),
            Self::Idle => Some("idle"),
            Self::Shutdown | Self::CutOff => Some("shutdown"),
        }
    }
}

/// What has been logged of a trouble that lasts.
#[derive(Debug, Default)]
struct Mood {
    full: bool,
    exhausted: bool,
    refused: bool,
}

fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
