//! What an allocator asks the system once, before a zone forbids it.

/// Has GNU's allocator find out whether it may give memory back, for which it opens a file when the first
/// thread beside the main one has some to give. Others open nothing.
#[cfg(target_env = "gnu")]
pub(crate) fn prepare() {
    /// More blocks than it keeps, each less than what has a mapping of its own.
    const BLOCKS: usize = 64;
    const BYTES: usize = 100 << 10;
    let blocks: Vec<Vec<u8>> = (0..BLOCKS).map(|_| Vec::with_capacity(BYTES)).collect();
    drop(std::hint::black_box(blocks));
}

#[cfg(not(target_env = "gnu"))]
pub(crate) fn prepare() {}
