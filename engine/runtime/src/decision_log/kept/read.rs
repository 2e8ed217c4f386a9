use std::sync::Arc;

use super::ring::KeptEvent;
use super::{Kept, MAX_PER_SECOND};

/// Events that are taken out at once, while no other is kept.
const CHUNK: usize = 128;

/// What is kept of all events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptCounts {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    pub(crate) max_bytes: usize,
    /// Events that were not kept.
    pub(crate) passed_over: u64,
    /// The most of each share.
    pub(crate) max_per_second: u32,
}

/// The events that are kept, the latest first. Those that are pushed out meanwhile are passed over.
pub(crate) struct KeptEvents<'a> {
    kept: &'a Kept,
    before: u64,
    chunk: std::vec::IntoIter<KeptEvent>,
}

impl Kept {
    pub(crate) fn counts(&self) -> KeptCounts {
        let passed_over = self.denials.passed_over() + self.others.passed_over();
        let ring = self.ring();
        KeptCounts {
            events: ring.len(),
            bytes: ring.bytes(),
            max_bytes: self.max_bytes,
            passed_over,
            max_per_second: MAX_PER_SECOND,
        }
    }

    pub(crate) fn latest_first(&self) -> KeptEvents<'_> {
        KeptEvents { kept: self, before: u64::MAX, chunk: Vec::new().into_iter() }
    }
}

impl Iterator for KeptEvents<'_> {
    /// JSON text.
    type Item = Arc<[u8]>;

    fn next(&mut self) -> Option<Arc<[u8]>> {
        if self.chunk.len() == 0 {
            self.chunk = self.kept.ring().before(self.before, CHUNK).into_iter();
        }
        let event = self.chunk.next()?;
        self.before = event.number;
        Some(event.text)
    }
}
