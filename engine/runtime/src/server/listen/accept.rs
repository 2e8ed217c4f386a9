use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tracing::{error, warn};

use super::connection::{self, End};
use super::listener::{Accepted, Listener};
use super::{Answer, Phase};
use crate::config::Limits;
use crate::metrics::ConnectionMetrics;

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
    pub(super) fn new(answer: A, places: usize, common: &Arc<Common>) -> Self {
        let places = Arc::new(Semaphore::new(places));
        Self { answer, places, common: Arc::clone(common) }
    }

    /// How many more may come.
    pub(super) fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.places)
    }

    /// Accepts until the server drains, each client in a task of its own. Then the socket is
    /// closed.
    pub(super) async fn run(self, listener: Listener) {
        let mut phase = self.common.phase.clone();
        let mut mood = Mood::default();
        loop {
            let accepted = tokio::select! {
                biased;
                () = Phase::Draining.reached(&mut phase) => return,
                accepted = self.next(&listener, &mut mood) => accepted,
            };
            if let Some((accepted, permit)) = accepted {
                let place = self.take(permit);
                tokio::spawn(self.clone().attend(accepted, place));
            }
        }
    }

    /// The next client, once there is a place. Until then it is kept in hand, and those after it in
    /// the system's queue.
    async fn next(
        &self,
        listener: &Listener,
        mood: &mut Mood,
    ) -> Option<(Accepted, OwnedSemaphorePermit)> {
        let accepted = match listener.accept().await {
            Ok(accepted) => accepted,
            // The client's own doing: there may be another.
            Err(error) if is_of_the_client(&error) => return None,
            Err(error) => {
                if !std::mem::replace(&mut mood.refused, true) {
                    error!(address = listener.url(), %error, "cannot accept connections");
                }
                tokio::time::sleep(PAUSE).await;
                return None;
            }
        };
        mood.refused = false;
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            mood.full = false;
            return Some((accepted, permit));
        }
        if !std::mem::replace(&mut mood.full, true) {
            warn!(address = listener.url(), "no room for more connections: the next ones wait");
        }
        Some((accepted, Arc::clone(&self.places).acquire_owned().await.ok()?))
    }

    fn take(&self, permit: OwnedSemaphorePermit) -> Place {
        let gauge = self.common.metrics.open.clone();
        gauge.inc();
        self.common.metrics.accepted.inc();
        Place { _permit: permit, _open: self.common.open.subscribe(), gauge }
    }

    async fn attend(self, accepted: Accepted, place: Place) {
        let limits = self.common.limits.borrow().clone();
        let phase = self.common.phase.clone();
        let end = connection::serve(accepted, Instant::now(), self.answer, &limits, phase).await;
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
