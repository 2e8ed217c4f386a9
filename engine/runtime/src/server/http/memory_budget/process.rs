use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::system::proc_file::ProcFile;

/// Bytes that may be reserved before the process is measured again, which takes a system call.
const UNMEASURED_BYTES: usize = 4 << 20;

/// The bound of the process's memory, as the system counts it: the limit plus what the process had at
/// the start. Allocators keep freed memory, and fragment it, which reservations do not show.
#[derive(Debug)]
pub(super) struct ProcessBound {
    resident: fn() -> Option<usize>,
    at_start: usize,
    /// Bytes that the process may have for something else.
    beside: AtomicUsize,
    /// Bytes reserved since the process was last measured within its bound.
    unmeasured: AtomicUsize,
}

impl ProcessBound {
    /// A bound above the memory that the process has now, and may have for something else; `None`
    /// where the system does not say.
    pub(super) fn new(resident: fn() -> Option<usize>, beside: usize) -> Option<Self> {
        let at_start = resident()?;
        let [beside, unmeasured] = [beside, 0].map(AtomicUsize::new);
        Some(Self { resident, at_start, beside, unmeasured })
    }

    /// Changes what the process may have for something else.
    pub(super) fn set_beside(&self, bytes: usize) {
        self.beside.store(bytes, Ordering::Relaxed);
    }

    /// Tells whether the process may grow by this many bytes.
    pub(super) fn allows(&self, bytes: usize, limit: usize) -> bool {
        if self.unmeasured.fetch_add(bytes, Ordering::Relaxed) + bytes < UNMEASURED_BYTES {
            return true;
        }
        let beside = self.beside.load(Ordering::Relaxed);
        let bound = self.at_start.saturating_add(limit).saturating_add(beside);
        let allows = (self.resident)().is_none_or(|resident| resident <= bound);
        if allows {
            self.unmeasured.store(0, Ordering::Relaxed);
        }
        allows
    }
}

/// The bytes that the process has in memory: the second figure of `/proc/self/statm`, in pages.
pub(super) fn resident_bytes() -> Option<usize> {
    static FIGURES: LazyLock<Option<ProcFile>> =
        LazyLock::new(|| ProcFile::open("/proc/self/statm").ok());
    let figures = FIGURES.as_ref()?.read()?;
    let pages: usize = figures.split(' ').nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(rustix::param::page_size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_above_its_bound_may_not_grow_until_it_shrinks() {
        static RESIDENT: AtomicUsize = AtomicUsize::new(10 << 20);
        let process = ProcessBound::new(|| Some(RESIDENT.load(Ordering::Relaxed)), 0).unwrap();
        let limit = 100 << 20;
        RESIDENT.store((110 << 20) + 1, Ordering::Relaxed);
        assert!(process.allows(UNMEASURED_BYTES - 1, limit), "not measured yet");
        assert!(!process.allows(1, limit));
        assert!(!process.allows(1, limit), "measured again");
        RESIDENT.store(110 << 20, Ordering::Relaxed);
        assert!(process.allows(1, limit));
        assert!(process.allows(UNMEASURED_BYTES - 1, limit));
        RESIDENT.store(111 << 20, Ordering::Relaxed);
        assert!(!process.allows(UNMEASURED_BYTES, limit));
        process.set_beside(1 << 20);
        assert!(process.allows(UNMEASURED_BYTES, limit), "what is of another budget");
    }

    #[test]
    fn resident_bytes_grow_with_the_process() {
        let before = resident_bytes().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(resident_bytes().unwrap() > before.min(64 << 20));
        assert_eq!(held.last(), Some(&1));
    }
}
