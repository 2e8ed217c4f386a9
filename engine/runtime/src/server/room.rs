//! Memory for the bodies of all requests and answers together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::body::Bytes;
use prometheus::IntGauge;

/// What nobody needs room for: who has none for a large body still has some for small ones.
const FREE_BYTES: usize = 16 << 10;

/// How many bytes more there may be.
#[derive(Debug)]
pub(super) struct Room {
    free: AtomicUsize,
    /// How many there are, for operators.
    taken: IntGauge,
}

/// Room that is taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: Arc<Room>,
    /// Of what it is for, and of those how many are taken.
    bytes: usize,
    taken: usize,
}

/// There is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Text, and the room that it takes.
struct HeldText {
    text: Bytes,
    _held: Held,
}

impl Room {
    pub(super) fn new(bytes: usize, taken: IntGauge) -> Arc<Self> {
        Arc::new(Self { free: AtomicUsize::new(bytes), taken })
    }

    /// Takes room for an answer until it is sent, or nobody is there to take it.
    pub(super) fn hold(self: &Arc<Self>, text: Bytes) -> Result<Bytes, Full> {
        if text.len() <= FREE_BYTES {
            return Ok(text);
        }
        let mut held = Held::none(self);
        held.more(text.len())?;
        Ok(held.by(text))
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }
}

impl Held {
    pub(super) fn none(room: &Arc<Room>) -> Self {
        Self { room: Arc::clone(room), bytes: 0, taken: 0 }
    }

    /// How many bytes it is for.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The text with its room, which is given back when nothing of the text is there any more.
    pub(super) fn by(self, text: Bytes) -> Bytes {
        if self.taken == 0 { text } else { Bytes::from_owner(HeldText { text, _held: self }) }
    }

    /// Takes room for so many bytes more.
    pub(super) fn more(&mut self, bytes: usize) -> Result<(), Full> {
        let wanted = (self.bytes + bytes).saturating_sub(FREE_BYTES);
        let missing = wanted - self.taken;
        self.room
            .free
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(missing))
            .map_err(|_| Full)?;
        self.bytes += bytes;
        self.taken = wanted;
        if missing > 0 {
            self.room.taken.add(as_figure(missing));
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.taken > 0 {
            self.room.free.fetch_add(self.taken, Ordering::Relaxed);
            self.room.taken.sub(as_figure(self.taken));
        }
    }
}

fn as_figure(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

impl AsRef<[u8]> for HeldText {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn gauge() -> IntGauge {
        IntGauge::new("taken", "taken").unwrap()
    }

    #[test]
    fn room_is_taken_while_something_is_there_and_small_things_need_none() {
        let taken = gauge();
        let room = Room::new(100, taken.clone());
        let large = || Bytes::from(vec![b' '; FREE_BYTES + 60]);
        let first = room.hold(large()).unwrap();
        assert_eq!((room.free(), taken.get()), (40, 60));
        let copy = first.slice(1..);
        assert_eq!(room.hold(large()).unwrap_err(), Full);
        assert!(room.hold(Bytes::from(vec![b' '; FREE_BYTES])).is_ok());
        drop(first);
        assert_eq!(room.free(), 40, "a part of it is still there");
        drop(copy);
        assert_eq!(room.free(), 100);

        let mut held = Held::none(&room);
        held.more(FREE_BYTES).unwrap();
        held.more(90).unwrap();
        assert_eq!((held.more(11), room.free(), held.bytes()), (Err(Full), 10, FREE_BYTES + 90));
        drop(held);
        assert_eq!((room.free(), taken.get()), (100, 0));
    }
}
