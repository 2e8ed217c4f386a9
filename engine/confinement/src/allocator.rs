//! What an allocator asks the system once, before a zone forbids it. GNU's opens two files: whether it may
//! give memory back, when the first thread beside the main one has some to give; and how many processors
//! there are, when more threads allocate at one time than it has arenas for. Others open none.

/// Has GNU's allocator ask now.
#[cfg(target_env = "gnu")]
pub(crate) fn prepare() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        give_back();
        allocate_at_one_time();
    });
}

#[cfg(not(target_env = "gnu"))]
pub(crate) fn prepare() {}

#[cfg(target_env = "gnu")]
fn give_back() {
    /// More blocks than it keeps, each less than what has a mapping of its own.
    const BLOCKS: usize = 64;
    const BYTES: usize = 100 << 10;
    let blocks: Vec<Vec<u8>> = (0..BLOCKS).map(|_| Vec::with_capacity(BYTES)).collect();
    drop(std::hint::black_box(blocks));
}

#[cfg(target_env = "gnu")]
fn allocate_at_one_time() {
    use std::sync::{Mutex, PoisonError, mpsc};
    use std::thread::{Builder, scope};

    /// More than it has arenas for without knowing the number of processors, which is 8.
    const THREADS: usize = 9;
    let end = Mutex::new(());
    let held = end.lock().unwrap_or_else(PoisonError::into_inner);
    let (allocated, all) = mpsc::channel();
    scope(|scope| {
        for _ in 0..THREADS {
            let (allocated, end) = (allocated.clone(), &end);
            let allocate = move || {
                drop(allocated.send(Box::new(0_u8)));
                drop(end.lock());
            };
            // Where there is no thread, it will not be needed later, either.
            drop(Builder::new().spawn_scoped(scope, allocate));
        }
        drop(allocated);
        let all: Vec<_> = all.iter().take(THREADS).collect();
        drop((all, held));
    });
}
