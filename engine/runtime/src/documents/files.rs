//! The files of folders.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// The endings of files that hold documents.
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// The file by which a folder says that all of it is made by a program, as Cargo's `target` does.
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// A file to read, or why there is none.
pub(crate) type Named = Result<PathBuf, FolderError>;

/// The files that were named; where `recursive`, those in folders that were named, sorted, without
/// those that `is_other` picks.
pub(crate) fn named(paths: &[PathBuf], recursive: bool, is_other: fn(&Path) -> bool) -> Vec<Named> {
    let mut files = Vec::new();
    for path in paths {
        if !recursive || !path.is_dir() {
            files.push(Ok(path.clone()));
            continue;
        }
        let before = files.len();
        files.extend(in_folder(path, move |file| {
            let ending = file.extension().and_then(OsStr::to_str);
            ending.is_some_and(|ending| ENDINGS.contains(&ending)) && !is_other(file)
        }));
        if files.len() == before {
            files.push(Err(FolderError::Empty(path.clone())));
        }
    }
    files
}

/// The files of a folder that are wanted, sorted. Links to folders in there are not followed, and
/// what is hidden or a cache is passed over.
pub(crate) fn in_folder(
    folder: &Path,
    is_wanted: impl Fn(&Path) -> bool,
) -> impl Iterator<Item = Named> {
    let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
    let is_cache = |path: &Path| path.join(CACHE_TAG).is_file();
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let entries = entries.filter_entry(move |entry| {
        let is_cache = entry.file_type().is_dir() && is_cache(entry.path());
        entry.depth() == 0 || !(is_hidden(entry.file_name()) || is_cache)
    });
    entries.filter_map(move |entry| match entry {
        Ok(entry) => {
            let path = entry.into_path();
            (is_wanted(&path) && path.is_file()).then_some(Ok(path))
        }
        Err(error) => Some(Err(FolderError::Unreadable(error))),
    })
}

/// An error about a folder whose files were asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("no file in `{}` ends in `.yaml`, `.yml` or `.json`", .0.display())]
    Empty(PathBuf),
    #[error("failed to read a folder: {0}")]
    Unreadable(walkdir::Error),
}

impl FolderError {
    /// The folder, or the part of it.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Empty(folder) => folder,
            Self::Unreadable(error) => error.path().unwrap_or(Path::new("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_gives_its_documents_sorted_without_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b/x.yml",
            "b/.git/x.yaml",
            "a.yaml",
            "a.txt",
            ".a.json",
            "c.json",
            "target/x.json",
            "target/CACHEDIR.TAG",
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/round")).unwrap();
        let paths = [folder.path().to_owned(), "no-such.yaml".into()];
        let found: Vec<_> =
            named(&paths, true, |_| false).into_iter().map(Result::unwrap).collect();
        let expected = ["a.yaml", "b/x.yml", "c.json"].map(|name| folder.path().join(name));
        assert_eq!(found[..3], expected);
        assert_eq!(found[3..], [PathBuf::from("no-such.yaml")]);
        assert_eq!(named(&paths, false, |_| false).len(), 2);

        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let error = named(std::slice::from_ref(&empty), true, |_| false).remove(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no file in `{}` ends in `.yaml`, `.yml` or `.json`", empty.display())
        );
    }
}
