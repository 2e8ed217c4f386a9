use std::io;
use std::path::{Path, PathBuf};

use super::live;

/// The beginning of temporary files' names.
pub(crate) const TEMP_PREFIX: &str = ".policy-builder-";

/// A file or folder that an interruption removes while this value lives.
#[derive(Debug)]
pub struct TempPath(PathBuf);

impl TempPath {
    /// Registers a path at which something is about to be created.
    ///
    /// # Errors
    /// When the current folder is unknown.
    pub fn new(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        live::lock().add_temp_path(path.clone());
        Ok(Self(path))
    }

    /// Creates something that chooses its own path, and registers that path. No interruption comes
    /// between the two.
    pub(crate) fn create<T>(
        create: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> io::Result<(T, Self)> {
        let mut live = live::lock();
        let created = create()?;
        // Absolute, as the current folder may change.
        let path = std::path::absolute(path(&created))?;
        live.add_temp_path(path.clone());
        Ok((created, Self(path)))
    }

    /// The path, from the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempPath {
    fn drop(&mut self) {
        live::lock().remove_temp_path(&self.0);
    }
}
