//! What holds for the process as a whole.

use std::fs;
use std::io;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Keeps others of the same user from reading this process's memory, and the kernel from writing it to
/// a file when the process crashes.
///
/// # Errors
/// Where the kernel refuses that.
pub fn forbid_dumps() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// The number of this process's threads. More than one at the start of `main` means that code ran
/// before it, whose threads no zone confines.
///
/// # Errors
/// Where `/proc` cannot be read.
pub fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}
