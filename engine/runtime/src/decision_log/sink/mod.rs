//! The destinations of events: lines to a file or to standard output, or uploads to a collector.

mod batch;
mod collector;
mod error;
mod lines;
mod streak;
mod upload;

use std::sync::Arc;

use tokio::sync::Notify;

use super::queue::{Inbox, LogPhase};
use crate::config::LogDestination;
use collector::Uploader;
pub(crate) use error::SinkError;
use lines::LineSink;
use streak::Streak;

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
