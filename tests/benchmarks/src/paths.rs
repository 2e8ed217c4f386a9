//! Paths of inputs and results.

use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// A file of this crate's.
pub(crate) fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn readme() -> PathBuf {
    root().join("README.md")
}

/// The folder of builds and tools, which may be deleted.
pub(crate) fn target() -> PathBuf {
    tests().join("benchmarks")
}

/// The folder in which Cargo compiles the repository's tests.
pub(crate) fn tests() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root().join("target"), PathBuf::from)
}
