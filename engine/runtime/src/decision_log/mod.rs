//! Every decision, written down: to standard output, a file or a collector.
//!
//! A request's handler encodes its event, without what must not be seen, and queues it; one thread
//! takes events off the queue and writes them. Room in the queue is given back when an event is
//! where it belongs, and not before, so that memory is bounded whatever becomes of the other side.

mod event;
mod ledger;
mod queue;
mod redaction;
mod sink;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;
use uuid::Uuid;

use crate::config;
use crate::system::long_work;
use crate::telemetry::DecisionLogMetrics;

pub(crate) use event::{Event, EventError};
pub(crate) use redaction::PointerError;

use event::Template;
use ledger::Ledger;
use queue::{LogPhase, Queue};
use sink::{Sink, SinkError};

/// The time for a writer to stop once the log is abandoned: short, unless the system holds it.
const ABANDON_TIME: Duration = Duration::from_millis(100);

/// The log as handlers see it.
#[derive(Debug, Clone)]
pub(crate) struct DecisionLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// This process, in the labels of its events.
    instance: Uuid,
    template: ArcSwap<Template>,
    queue: Queue,
    reopen: Arc<Notify>,
}

impl DecisionLog {
    /// Opens what is logged to and begins to write. Must be called within the runtime.
    ///
    /// # Errors
    /// When there is nothing to write to, or a pointer that leads nowhere.
    pub(crate) fn start(
        config: &config::DecisionLogConfig,
        metrics: DecisionLogMetrics,
    ) -> Result<(Self, DecisionLogHandle), DecisionLogError> {
        let instance = Uuid::new_v4();
        let template = ArcSwap::from_pointee(Template::new(instance, config)?);
        let reopen = Arc::new(Notify::new());
        let sink = Sink::open(&config.to, Arc::clone(&reopen))?;
        let ledger = Arc::new(Ledger::new(config.buffer, metrics));
        let (phase, phases) = watch::channel(LogPhase::Open);
        let (queue, inbox) = queue::queue(config.when_full, Arc::clone(&ledger), phases);
        let (ends, ended) = oneshot::channel();
        let runtime = Handle::current();
        // Files and compression block; they have a thread that nobody else waits for.
        thread::Builder::new()
            .name("decision-log".to_owned())
            .spawn(move || {
                runtime.block_on(sink.run(inbox));
                drop(ends);
            })
            .map_err(DecisionLogError::Thread)?;
        let log = Self(Arc::new(Shared { instance, template, queue, reopen }));
        Ok((log, DecisionLogHandle { phase, ended, ledger }))
    }

    /// Logs a decision: waits only for room in the queue, and only where the configuration says so.
    /// An event that is given up while it waits is dropped, and counted as that.
    pub(crate) async fn record(&self, event: &Event<'_>) {
        let template = self.0.template.load_full();
        let encoded = long_work::on_bytes(event.likely_size(), || event.encode(&template));
        self.0.queue.push(encoded).await;
    }

    /// Labels, erasing and masking of events from now on; nothing else of the configuration.
    ///
    /// # Errors
    /// A pointer that leads nowhere; everything stays as it was.
    pub(crate) fn set_redaction(
        &self,
        config: &config::DecisionLogConfig,
    ) -> Result<(), PointerError> {
        self.0.template.store(Arc::new(Template::new(self.0.instance, config)?));
        Ok(())
    }

    /// Opens a file's path again, after someone has moved the file.
    pub(crate) fn reopen(&self) {
        self.0.reopen.notify_one();
    }
}

/// The log as the server sees it, which has to close it: what is queued is lost otherwise.
#[derive(Debug)]
#[must_use]
pub(crate) struct DecisionLogHandle {
    phase: watch::Sender<LogPhase>,
    ended: oneshot::Receiver<()>,
    ledger: Arc<Ledger>,
}

impl DecisionLogHandle {
    /// Writes what is queued. Nothing may be recorded any more; it would be dropped.
    ///
    /// # Errors
    /// When that takes longer than `within`, or the writer is gone.
    pub(crate) async fn close(mut self, within: Duration) -> Result<(), Unwritten> {
        self.phase.send_replace(LogPhase::Closing);
        if timeout(within, &mut self.ended).await.is_err() {
            self.phase.send_replace(LogPhase::Abandoned);
            // What it is just doing, such as a write to a full pipe, may be out of anyone's hands.
            let _ = timeout(ABANDON_TIME, &mut self.ended).await;
        }
        match self.ledger.abandon() {
            0 => Ok(()),
            events => Err(Unwritten { events }),
        }
    }
}

/// Events that were queued and never written.
#[derive(Debug, thiserror::Error)]
#[error("the decision log was not written to its end: {events} events are lost")]
pub(crate) struct Unwritten {
    pub(crate) events: u64,
}

/// The reason why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecisionLogError {
    /// A pointer of what is erased or masked is invalid.
    #[error("decision log: {0}")]
    Pointer(#[from] PointerError),
    /// There is nothing to write to.
    #[error("decision log: {0}")]
    Sink(#[from] SinkError),
    /// The system gives no thread to write from.
    #[error("decision log: failed to start a thread: {0}")]
    Thread(io::Error),
}
