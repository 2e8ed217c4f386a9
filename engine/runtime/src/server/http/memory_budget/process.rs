use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be reserved before the process is looked at again, which takes a system call.
const UNSEEN_BYTES: usize = 4 << 20;

/// The bound of a whole process, as the system counts its memory: the limit beside what it held at
/// the start. Allocators keep memory that is free again, and lose some between pieces of many sizes:
/// what is reserved would not show it.
#[derive(Debug)]
pub(super) struct ProcessBound {
    resident: fn() -> Option<usize>,
    at_start: usize,
    /// Reserved since the process was last found to have room.
    unseen: AtomicUsize,
}

impl ProcessBound {
    /// A bound beside what the process holds now; `None` where the system does not tell.
    pub(super) fn new(resident: fn() -> Option<usize>) -> Option<Self> {
        let at_start = resident()?;
        Some(Self { resident, at_start, unseen: AtomicUsize::new(0) })
    }

    /// Whether the process may grow by so many bytes.
    pub(super) fn has_room(&self, bytes: usize, limit: usize) -> bool {
        if self.unseen.fetch_add(bytes, Ordering::Relaxed) + bytes < UNSEEN_BYTES {
            return true;
        }
        let bound = self.at_start.saturating_add(limit);
        let has_room = (self.resident)().is_none_or(|resident| resident <= bound);
        if has_room {
            self.unseen.store(0, Ordering::Relaxed);
        }
        has_room
    }
}

/// The bytes that the process has in memory: the second figure of `/proc/self/statm`, in pages.
pub(super) fn resident_bytes() -> Option<usize> {
    let figures = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = figures.split(' ').nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(rustix::param::page_size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_has_outgrown_its_bound_has_no_room_until_it_shrinks() {
        static RESIDENT: AtomicUsize = AtomicUsize::new(10 << 20);
        let process = ProcessBound::new(|| Some(RESIDENT.load(Ordering::Relaxed))).unwrap();
        let limit = 100 << 20;
        RESIDENT.store((110 << 20) + 1, Ordering::Relaxed);
        assert!(process.has_room(UNSEEN_BYTES - 1, limit), "it is not looked at yet");
        assert!(!process.has_room(1, limit));
        assert!(!process.has_room(1, limit), "it is looked at again");
        RESIDENT.store(110 << 20, Ordering::Relaxed);
        assert!(process.has_room(1, limit));
        assert!(process.has_room(UNSEEN_BYTES - 1, limit));
    }

    #[test]
    fn the_system_tells_what_the_process_holds() {
        let before = resident_bytes().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(resident_bytes().unwrap() > before.min(64 << 20));
        assert_eq!(held.last(), Some(&1));
    }
}
