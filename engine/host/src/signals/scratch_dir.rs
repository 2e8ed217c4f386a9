use std::io;
use std::path::Path;

use tempfile::{Builder, TempDir};

use super::temp_path::{TEMP_PREFIX, TempPath};

/// A temporary folder, removed when this is dropped or the program is interrupted.
#[derive(Debug)]
pub struct ScratchDir {
    dir: TempDir,
    // Dropped after the folder.
    _temp_path: TempPath,
}

impl ScratchDir {
    /// Creates a folder where the system keeps temporary files.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn new() -> io::Result<Self> {
        Self::create(|| Builder::new().prefix("policy-builder-").tempdir())
    }

    /// Creates a hidden folder in `parent`.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn new_in(parent: &Path) -> io::Result<Self> {
        Self::create(|| Builder::new().prefix(TEMP_PREFIX).tempdir_in(parent))
    }

    fn create(create: impl FnOnce() -> io::Result<TempDir>) -> io::Result<Self> {
        let (dir, temp_path) = TempPath::create(create, TempDir::path)?;
        Ok(Self { dir, _temp_path: temp_path })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}
