use std::sync::Arc;

use prometheus::IntCounter;
use tokio::sync::{mpsc, watch};

use super::ledger::Ledger;
use crate::config::WhenFull;

/// The phase of the log's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LogPhase {
    Open,
    /// No more events come: what is queued is written.
    Closing,
    /// There is no time left: nothing is written any more.
    Abandoned,
}

/// An event as it is written: JSON on one line.
pub(super) type Encoded = Box<[u8]>;

/// The queue's two ends.
pub(super) fn queue(
    when_full: WhenFull,
    ledger: Arc<Ledger>,
    phase: watch::Receiver<LogPhase>,
) -> (Queue, Inbox) {
    // Bounded by the ledger's capacity, which counts bytes.
    let (sender, receiver) = mpsc::unbounded_channel();
    let inbox = Inbox { events: receiver, closed: false, phase, ledger: Arc::clone(&ledger) };
    (Queue { events: sender, when_full, ledger }, inbox)
}

/// The end of the queue that events go into.
#[derive(Debug)]
pub(super) struct Queue {
    events: mpsc::UnboundedSender<Encoded>,
    when_full: WhenFull,
    ledger: Arc<Ledger>,
}

impl Queue {
    pub(super) async fn push(&self, event: Encoded) {
        let bytes = event.len();
        let Some(capacity) = self.ledger.permits_for(bytes) else {
            return self.ledger.reject(bytes, "`buffer` is smaller than it");
        };
        let permit = match (self.ledger.capacity.try_acquire_many(capacity), self.when_full) {
            (Ok(permit), _) => permit,
            (Err(_), _) if self.ledger.capacity.is_closed() => return self.ledger.count_late(),
            (Err(_), WhenFull::Drop) => {
                self.ledger.full.inc();
                if let Some(events) = self.ledger.full_warnings.count() {
                    tracing::warn!("decision log: it is full: dropped {events} events");
                }
                return;
            }
            (Err(_), WhenFull::Wait) => {
                if let Some(events) = self.ledger.full_warnings.count() {
                    tracing::warn!("decision log: it is full: {events} answers wait for room");
                }
                let waiting = CountIfDropped(Some(&self.ledger.full));
                let permit = self.ledger.capacity.acquire_many(capacity).await;
                waiting.end();
                match permit {
                    Ok(permit) => permit,
                    Err(_) => return self.ledger.count_late(),
                }
            }
        };
        // Given back when the event is written.
        permit.forget();
        self.ledger.reserve(bytes);
        if self.events.send(event).is_err() {
            self.ledger.release_unsent(bytes);
        }
    }
}

/// Counts an event whose request goes away, and the event with it, before there is room.
struct CountIfDropped<'a>(Option<&'a IntCounter>);

impl CountIfDropped<'_> {
    fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for CountIfDropped<'_> {
    fn drop(&mut self) {
        if let Some(dropped) = self.0 {
            dropped.inc();
        }
    }
}

/// The end of the queue that events come out of.
#[derive(Debug)]
pub(super) struct Inbox {
    events: mpsc::UnboundedReceiver<Encoded>,
    /// No more go in.
    closed: bool,
    phase: watch::Receiver<LogPhase>,
    pub(super) ledger: Arc<Ledger>,
}

impl Inbox {
    /// The next event, or `None` after the last.
    pub(super) async fn next(&mut self) -> Option<Encoded> {
        loop {
            tokio::select! {
                biased;
                // A phase that nobody can change any more is the last as well.
                _ = self.phase.wait_for(|phase| *phase >= LogPhase::Closing), if !self.closed => {
                    self.closed = true;
                    self.events.close();
                }
                event = self.events.recv() => return event,
            }
        }
    }

    /// The next event if it is there already.
    pub(super) fn next_now(&mut self) -> Option<Encoded> {
        self.events.try_recv().ok()
    }

    /// A receiver of changes of the phase.
    pub(super) fn phase(&self) -> watch::Receiver<LogPhase> {
        self.phase.clone()
    }
}

impl Drop for Inbox {
    /// Lets nobody wait for room that nobody makes.
    fn drop(&mut self) {
        self.ledger.capacity.close();
    }
}
