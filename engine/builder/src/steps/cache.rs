//! The user's folder for what this program makes again when it is gone.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// `policy-builder` in the folder that the XDG Base Directory Specification names.
pub(crate) fn folder() -> Result<PathBuf, NoCache> {
    folder_by(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")).ok_or(NoCache)
}

fn folder_by(cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    // By the specification, what is not absolute counts for nothing.
    let absolute =
        |path: Option<OsString>| path.map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute(cache).or_else(|| Some(absolute(home)?.join(".cache")))?;
    Some(cache.join("policy-builder"))
}

/// There is no such folder.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no folder to cache them in: neither `XDG_CACHE_HOME` nor `HOME` is an absolute path\nhelp: set one of them"
)]
pub(crate) struct NoCache;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_is_in_the_first_absolute_folder() {
        let folder = |cache: Option<&str>, home: Option<&str>| {
            folder_by(cache.map(OsString::from), home.map(OsString::from))
        };
        assert_eq!(folder(Some("/c"), Some("/h")), Some("/c/policy-builder".into()));
        for cache in [None, Some(""), Some("c")] {
            assert_eq!(folder(cache, Some("/h")), Some("/h/.cache/policy-builder".into()));
            assert_eq!(folder(cache, Some("")), None);
            assert_eq!(folder(cache, None), None);
        }
    }
}
