use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes that an event takes beside its text: its place in the ring, which may have twice the
/// places that are taken, and the counts of those who read it.
pub(super) const OVERHEAD: usize = 128;

/// The part of the ring that an event is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Denials and failures.
    Denials,
    Others,
}

/// An event that is kept.
#[derive(Debug, Clone)]
pub(super) struct KeptEvent {
    /// Its place in the order in which events came.
    pub(super) number: u64,
    pub(super) text: Arc<[u8]>,
}

/// Events in the order in which they came, the oldest of which make room for later ones.
#[derive(Debug)]
pub(super) struct Ring {
    max_bytes: usize,
    denials: Queue,
    others: Queue,
    next: u64,
    /// The rules of redaction that events have to be encoded under.
    redaction: u64,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<KeptEvent>,
    bytes: usize,
}

impl Ring {
    pub(super) fn new(max_bytes: usize) -> Self {
        let (denials, others) = Default::default();
        Self { max_bytes, denials, others, next: 0, redaction: 0 }
    }

    /// Adds an event, in place of the oldest ones where there is no room. Denials may take half of
    /// all room, of which others take nothing; what denials leave is for others.
    ///
    /// False if it is not kept: it has no room at all, or it was encoded under earlier rules.
    pub(super) fn push(&mut self, share: Share, redaction: u64, text: Arc<[u8]>) -> bool {
        let bytes = text.len() + OVERHEAD;
        let half = self.max_bytes / 2;
        if bytes > half || redaction < self.redaction {
            return false;
        }
        let event = KeptEvent { number: self.next, text };
        self.next += 1;
        if share == Share::Denials {
            self.denials.make_room(bytes, half);
            self.denials.push(event, bytes);
            self.others.make_room(0, self.max_bytes - self.denials.bytes);
        } else {
            self.others.make_room(bytes, self.max_bytes - self.denials.bytes);
            self.others.push(event, bytes);
        }
        true
    }

    pub(super) fn clear(&mut self, redaction: u64) {
        (self.denials, self.others) = Default::default();
        self.redaction = self.redaction.max(redaction);
    }

    pub(super) fn bytes(&self) -> usize {
        self.denials.bytes + self.others.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.denials.events.len() + self.others.events.len()
    }

    /// The last events before a number, at most so many, the latest first.
    pub(super) fn before(&self, number: u64, count: usize) -> Vec<KeptEvent> {
        let mut denials = self.denials.before(number).peekable();
        let mut others = self.others.before(number).peekable();
        let next = || {
            let denial = denials.peek().map(|event| event.number);
            let other = others.peek().map(|event| event.number);
            if denial > other { denials.next() } else { others.next() }
        };
        std::iter::from_fn(next).take(count).cloned().collect()
    }
}

impl Queue {
    /// Drops the oldest events until so many bytes fit.
    fn make_room(&mut self, bytes: usize, max_bytes: usize) {
        while self.bytes + bytes > max_bytes {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= oldest.text.len() + OVERHEAD;
        }
    }

    fn push(&mut self, event: KeptEvent, bytes: usize) {
        self.events.push_back(event);
        self.bytes += bytes;
    }

    fn before(&self, number: u64) -> impl Iterator<Item = &KeptEvent> {
        let end = self.events.partition_point(|event| event.number < number);
        self.events.range(..end).rev()
    }
}
