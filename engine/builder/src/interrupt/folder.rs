use std::io;
use std::path::Path;

use tempfile::{Builder, TempDir};

use super::Temporary;

/// A temporary folder: it goes with this, and with an interruption.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    folder: TempDir,
    // Dropped after the folder.
    _temporary: Temporary,
}

impl TemporaryFolder {
    /// One where the system has them.
    pub(crate) fn new() -> io::Result<Self> {
        Self::make(|| Builder::new().prefix("policy-builder-").tempdir())
    }

    /// A hidden one in a folder.
    pub(crate) fn hidden_in(parent: &Path) -> io::Result<Self> {
        Self::make(|| Builder::new().prefix(".policy-builder-").tempdir_in(parent))
    }

    fn make(make: impl FnOnce() -> io::Result<TempDir>) -> io::Result<Self> {
        let (folder, temporary) = Temporary::make(make, TempDir::path)?;
        Ok(Self { folder, _temporary: temporary })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}
