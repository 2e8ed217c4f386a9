use std::path::{Path, PathBuf};

/// The purpose of a compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A program that is small, fast, static and the same everywhere.
    Release,
    /// A program that is soon there, to be run here.
    Quick,
}

impl Profile {
    /// The folder inside the work folder: what one of them keeps is of no use to the other.
    pub(crate) fn work_folder(self, work: &Path) -> PathBuf {
        match self {
            Self::Release => work.to_owned(),
            Self::Quick => work.join("watch"),
        }
    }
}
