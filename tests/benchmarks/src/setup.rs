//! Where, and how thoroughly, a group is measured.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::paths;
use crate::rounds::Effort;

/// The setup of one group.
pub(crate) struct Setup {
    pub(crate) effort: Effort,
    /// Where the builder compiles policies; all groups share it.
    pub(crate) work: PathBuf,
    /// The group's own folder, empty at first: none finds what another one has left.
    scratch: TempDir,
}

impl Setup {
    pub(crate) fn new(effort: Effort, work: &Path) -> io::Result<Self> {
        fs::create_dir_all(paths::target())?;
        // On the disk: some of what groups write is too large for a `/tmp` in memory.
        let scratch = TempDir::new_in(paths::target())?;
        Ok(Self { effort, work: work.to_owned(), scratch })
    }

    /// A file or folder of this group.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// One of two numbers: to publish, or just to see that it works.
    pub(crate) fn of<T>(&self, full: T, quick: T) -> T {
        self.effort.of(full, quick)
    }
}
