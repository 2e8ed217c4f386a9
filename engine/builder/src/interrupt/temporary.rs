use std::io;
use std::path::{Path, PathBuf};

use super::live;

/// A file or folder that an interruption removes, for as long as this is kept.
#[derive(Debug)]
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// What is to be made at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        live::lock().made(path.clone());
        Ok(Self(path))
    }

    /// What gets its path by being made: nothing interrupts between the two.
    pub(crate) fn make<T>(
        make: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> io::Result<(T, Self)> {
        let mut live = live::lock();
        let result = make()?;
        // Wherever the program is by then.
        let path = std::path::absolute(path(&result))?;
        live.made(path.clone());
        Ok((result, Self(path)))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        live::lock().removed(&self.0);
    }
}
