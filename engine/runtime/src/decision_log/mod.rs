//! Every decision, written down: to standard output, a file or a collector; and the last of them in
//! memory, for the console.
//!
//! A request's handler encodes its event, without what must not be seen, and queues it; one thread
//! takes events off the queue and writes them. Room in the queue is given back when an event is
//! where it belongs, and not before, so that memory is bounded whatever becomes of the other side.

mod event;
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "the console alone reads it"))]
mod kept;
mod ledger;
mod queue;
mod redaction;
mod sink;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;
use uuid::Uuid;

use crate::config;
use crate::policies::Hidden;
use crate::system::long_work;
use crate::telemetry::DecisionLogMetrics;

pub(crate) use event::{Event, EventError};
pub(crate) use kept::{Kept, Share};
pub(crate) use redaction::PointerError;

use event::Template;
use ledger::Ledger;
use queue::{Encoded, LogPhase, Queue};
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
    /// Where events are written; missing where they are only kept.
    writer: Option<Writer>,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Writer {
    queue: Queue,
    reopen: Arc<Notify>,
}

/// How an event is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep<'a> {
    pub(crate) share: Share,
    /// The secrets of settings, which what is kept does not tell, whoever quotes them.
    pub(crate) secrets: &'a Hidden,
}

impl DecisionLog {
    /// Opens what is logged to and begins to write, if anything is configured, and keeps the last
    /// events in so many bytes, if any. There is no log where there is neither. Must be called within
    /// the runtime.
    ///
    /// # Errors
    /// When there is nothing to write to, or a pointer that leads nowhere.
    pub(crate) fn start(
        config: Option<&config::DecisionLogConfig>,
        kept_bytes: Option<usize>,
        metrics: DecisionLogMetrics,
    ) -> Result<(Option<Self>, Option<DecisionLogHandle>), DecisionLogError> {
        let instance = Uuid::new_v4();
        let template = ArcSwap::from_pointee(Template::new(instance, config)?);
        let (writer, handle) =
            config.map(|config| Writer::start(config, metrics)).transpose()?.unzip();
        let kept = kept_bytes.map(Kept::new);
        let is_there = writer.is_some() || kept.is_some();
        let log = is_there.then(|| Self(Arc::new(Shared { instance, template, writer, kept })));
        Ok((log, handle))
    }

    /// Tells whether every decision is written.
    pub(crate) fn is_written(&self) -> bool {
        self.0.writer.is_some()
    }

    /// The last events, where they are kept.
    #[cfg(feature = "console")]
    pub(crate) fn kept(&self) -> Option<&Kept> {
        self.0.kept.as_ref()
    }

    /// Tells whether the event of a request that began then is to be kept.
    pub(crate) fn keeps(&self, share: Share, began: Instant) -> bool {
        self.0.kept.as_ref().is_some_and(|kept| kept.admits(share, began))
    }

    /// Writes a decision, and keeps it if that is asked for. Waits only for room in the queue,
    /// and only where the configuration says so. An event that is given up while it waits is
    /// dropped, and counted as that.
    pub(crate) async fn record(&self, event: &Event<'_>, keep: Option<Keep<'_>>) {
        let written = long_work::on_bytes(event.likely_size(), || self.0.encode(event, keep));
        if let (Some(writer), Some(event)) = (&self.0.writer, written) {
            writer.queue.push(event).await;
        }
    }

    /// Labels, erasing and masking of events from now on; nothing else of the configuration. What
    /// was kept under other rules than these is dropped.
    ///
    /// # Errors
    /// A pointer that leads nowhere; everything stays as it was.
    pub(crate) fn set_redaction(
        &self,
        config: &config::DecisionLogConfig,
    ) -> Result<(), PointerError> {
        let Shared { instance, template, kept, .. } = &*self.0;
        let next = Template::new(*instance, Some(config))?.following(&template.load());
        let rules = next.rules();
        let former = template.swap(Arc::new(next));
        if let Some(kept) = kept.as_ref().filter(|_| rules != former.rules()) {
            kept.clear(rules);
        }
        Ok(())
    }

    /// Opens a file's path again, after someone has moved the file.
    pub(crate) fn reopen(&self) {
        if let Some(writer) = &self.0.writer {
            writer.reopen.notify_one();
        }
    }
}

impl Shared {
    /// Keeps an event if that is asked for, and gives it as it is written, if it is.
    fn encode(&self, event: &Event<'_>, keep: Option<Keep<'_>>) -> Option<Encoded> {
        let template = self.template.load();
        let written = self.writer.as_ref().map(|_| event.encode(&template));
        if let Some((kept, Keep { share, secrets })) = self.kept.as_ref().zip(keep) {
            let quoted = event.quoted(secrets);
            let shown = quoted.as_ref().map_or(*event, |quoted| quoted.masked(event));
            let max = kept.max_event();
            let is_small = |text: &Encoded| text.len() <= max;
            let whole = match &written {
                Some(written) if quoted.is_none() => Some(written.clone()).filter(is_small),
                _ if event.likely_size() <= max => Some(shown.encode(&template)).filter(is_small),
                _ => None,
            };
            let text = whole.unwrap_or_else(|| shown.encode_without_values(&template));
            kept.push(share, template.rules(), Arc::from(text));
        }
        written.map(|event| template.to_be_written(event))
    }
}

impl Writer {
    fn start(
        config: &config::DecisionLogConfig,
        metrics: DecisionLogMetrics,
    ) -> Result<(Self, DecisionLogHandle), DecisionLogError> {
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
        Ok((Self { queue, reopen }, DecisionLogHandle { phase, ended, ledger }))
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
