//! The last decisions, in memory: the events of the decision log, in a bounded number of bytes.
//!
//! Denials and failures have a part of their own, so that no number of allowed requests pushes them
//! out. Of each part a number is kept a second; more come too fast for anyone to look at, and cost
//! requests too much.

mod rate;
#[cfg(feature = "console")]
mod read;
mod ring;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rate::Rate;
use ring::Ring;

pub(crate) use ring::Share;

/// The most events of a share that are kept of one second.
const MAX_PER_SECOND: u32 = 250;

/// An event that takes more than this part of the bytes is kept without input and result.
const LARGE: usize = 16;

/// The last events, for the console.
#[derive(Debug)]
pub(crate) struct Kept {
    start: Instant,
    denials: Rate,
    others: Rate,
    ring: Mutex<Ring>,
    max_bytes: usize,
}

impl Kept {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            start: Instant::now(),
            denials: Rate::new(MAX_PER_SECOND),
            others: Rate::new(MAX_PER_SECOND),
            ring: Mutex::new(Ring::new(max_bytes)),
            max_bytes,
        }
    }

    /// Tells whether the event of a request from this moment is to be kept, or else counts it.
    pub(super) fn admits(&self, share: Share, at: Instant) -> bool {
        self.rate(share).admits(at.saturating_duration_since(self.start))
    }

    /// The most bytes of an event that is kept whole.
    pub(super) fn max_event(&self) -> usize {
        self.max_bytes / LARGE
    }

    /// Keeps an event that was encoded under these rules of redaction, unless others are in force
    /// by now.
    pub(super) fn push(&self, share: Share, redaction: u64, event: Arc<[u8]>) {
        if !self.ring().push(share, redaction, event) {
            self.rate(share).pass_over();
        }
    }

    /// Drops all events, and those that come under earlier rules of redaction than these.
    pub(super) fn clear(&self, redaction: u64) {
        self.ring().clear(redaction);
    }

    fn rate(&self, share: Share) -> &Rate {
        match share {
            Share::Denials => &self.denials,
            Share::Others => &self.others,
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
