use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::decision_log::queue::Encoded;

/// Events that are uploaded together, as a JSON array.
#[derive(Debug)]
pub(super) struct UploadBatch {
    events: Vec<Encoded>,
    /// Their bytes.
    bytes: usize,
}

impl UploadBatch {
    pub(super) fn new(event: Encoded) -> Self {
        Self { bytes: event.len(), events: vec![event] }
    }

    /// Adds an event, unless the array would be of more than `limit` bytes with it.
    pub(super) fn push(&mut self, event: Encoded, limit: usize) -> Result<(), Encoded> {
        // Both brackets, and a comma before each event but the first.
        if self.bytes + event.len() + self.events.len() + 2 > limit {
            return Err(event);
        }
        self.bytes += event.len();
        self.events.push(event);
        Ok(())
    }

    pub(super) fn events(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Halves it; there is no second half of a single event.
    pub(super) fn split(mut self) -> (Self, Option<Self>) {
        if self.events.len() < 2 {
            return (self, None);
        }
        let events = self.events.split_off(self.events.len() / 2);
        let bytes = events.iter().map(|event| event.len()).sum();
        self.bytes -= bytes;
        (self, Some(Self { events, bytes }))
    }

    pub(super) fn gzip(&self) -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let mut before: &[u8] = b"[";
        for event in &self.events {
            encoder.write_all(before)?;
            encoder.write_all(event)?;
            before = b",";
        }
        encoder.write_all(b"]")?;
        encoder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;

    fn event(text: &str) -> Encoded {
        text.as_bytes().into()
    }

    fn text(batch: &UploadBatch) -> String {
        io::read_to_string(GzDecoder::new(&*batch.gzip().unwrap())).unwrap()
    }

    #[test]
    fn upload_limit_includes_the_array_syntax() {
        let mut batch = UploadBatch::new(event("11"));
        assert!(batch.push(event("22"), "[11,22]".len() - 1).is_err());
        batch.push(event("22"), "[11,22]".len()).unwrap();
        batch.push(event("3"), "[11,22,3]".len()).unwrap();
        assert_eq!(text(&batch), "[11,22,3]");
        assert_eq!((batch.events(), batch.bytes()), (3, 5));
    }

    #[test]
    fn split_halves_keep_all_events_in_order() {
        let mut batch = UploadBatch::new(event("11"));
        batch.push(event("2"), 100).unwrap();
        batch.push(event("333"), 100).unwrap();
        let (first, second) = batch.split();
        let second = second.unwrap();
        assert_eq!((text(&first), text(&second)), ("[11]".to_owned(), "[2,333]".to_owned()));
        assert_eq!((first.bytes(), second.bytes()), (2, 4));
        assert!(first.split().1.is_none());
    }
}
