//! Paths, resolved and relative.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Resolves a path to one from the root without `.` and `..`, also where nothing is there yet.
///
/// # Errors
/// When the current folder is unknown.
pub fn absolute(path: &Path) -> io::Result<PathBuf> {
    let mut absolute = PathBuf::new();
    for component in std::path::absolute(path)?.components() {
        match component {
            Component::ParentDir => {
                absolute.pop();
            }
            Component::CurDir => {}
            other => absolute.push(other.as_os_str()),
        }
        // Links are resolved before a `..` that follows them.
        if let Ok(real) = fs_err::canonicalize(&absolute) {
            absolute = real;
        }
    }
    Ok(absolute)
}

/// The relative path from one folder to another, both absolute and without `..`.
#[must_use]
pub fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}
