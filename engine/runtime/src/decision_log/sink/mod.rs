//! The destinations of events: lines to a file or to standard output, or uploads to a collector.

mod batch;
mod collector;
mod lines;
mod upload;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::queue::{Inbox, LogPhase};
use crate::config::LogDestination;
use crate::net::outbound::TransportError;
use collector::Uploader;
use lines::LineSink;
use policy_text::redact_url;

/// An open destination of events.
#[derive(Debug)]
pub(super) enum Sink {
    Lines(LineSink),
    Collector(Box<Uploader>),
}

impl Sink {
    /// # Errors
    /// When it cannot be opened; a collector is not asked before there is something to upload.
    pub(super) fn open(to: &LogDestination, reopen: Arc<Notify>) -> Result<Self, SinkError> {
        Ok(match to {
            LogDestination::Stdout => Self::Lines(LineSink::stdout(reopen)?),
            LogDestination::File(path) => Self::Lines(LineSink::file(path, reopen)?),
            LogDestination::Collector(config) => Self::Collector(Box::new(Uploader::new(config)?)),
        })
    }

    /// Writes events until there are no more, or no more time. It blocks its thread.
    pub(super) async fn run(self, mut inbox: Inbox) {
        let mut phase = inbox.phase();
        let writing = async {
            match self {
                Self::Lines(lines) => lines.run(&mut inbox).await,
                Self::Collector(uploader) => uploader.run(&mut inbox).await,
            }
        };
        tokio::select! {
            biased;
            Ok(_) = phase.wait_for(|phase| *phase == LogPhase::Abandoned) => {}
            () = writing => {}
        }
    }
}

/// Tells of the first of failures in a row, and of their end.
#[derive(Debug, Default)]
struct Streak {
    failures: u64,
}

impl Streak {
    /// `what` failed, and is tried again.
    fn fail(&mut self, what: &str, after: Duration, inbox: &Inbox) {
        self.failures += 1;
        inbox.ledger.count_failure();
        let (after, waiting) = (humantime::format_duration(after), inbox.ledger.queued_events());
        if self.failures == 1 {
            tracing::warn!(
                "decision log: {what}; trying again in {after} and until it works, while \
                 {waiting} events wait"
            );
        } else {
            tracing::debug!("decision log: {what}; trying again in {after}");
        }
    }

    /// `to` what is written; it is asked for only after a failure.
    fn succeed(&mut self, to: impl FnOnce() -> String, inbox: &Inbox) {
        if self.failures > 0 {
            let to = to();
            tracing::info!(
                "decision log: {to} works again, after {} attempts; {} events wait",
                self.failures,
                inbox.ledger.queued_events()
            );
            self.failures = 0;
        }
    }
}

/// The reason why there is nothing to write to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// A file that cannot be written.
    #[error("failed to open `{}` to append to it: {error}", path.display())]
    Open {
        /// The value as it was configured.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// Standard output is closed.
    #[error("failed to write to standard output: {0}")]
    Stdout(io::Error),
    /// The address of the collector is no URL.
    #[error(
        "`{}` is no URL of a collector: expected one such as `https://logs.example.com`",
        redact_url(url)
    )]
    Url {
        /// The value as it was configured.
        url: String,
    },
    /// It cannot be asked from here.
    #[error("{0}")]
    Transport(TransportError),
}
