use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// The endings of files that are read from a folder.
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// A file to read, or why there is none.
pub(super) type Named = Result<PathBuf, FolderError>;

/// The files that were named; where `recursive`, those in folders that were named, sorted. Links to
/// folders in there are not followed, and hidden files and folders are passed over.
pub(super) fn named(paths: &[PathBuf], recursive: bool) -> Vec<Named> {
    let mut files = Vec::new();
    for path in paths {
        if !recursive || !path.is_dir() {
            files.push(Ok(path.clone()));
            continue;
        }
        let before = files.len();
        files.extend(in_folder(path));
        if files.len() == before {
            files.push(Err(FolderError::Empty(path.clone())));
        }
    }
    files
}

fn in_folder(folder: &Path) -> impl Iterator<Item = Named> {
    let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let entries =
        entries.filter_entry(move |entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
    entries.filter_map(move |entry| match entry {
        Ok(entry) => {
            let path = entry.into_path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            let is_file = ending.is_some_and(|ending| ENDINGS.contains(&ending)) && path.is_file();
            is_file.then_some(Ok(path))
        }
        Err(error) => Some(Err(FolderError::Unreadable(error))),
    })
}

/// An error about a folder whose files were asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    #[error("no file in `{}` ends in `.yaml`, `.yml` or `.json`", .0.display())]
    Empty(PathBuf),
    #[error("failed to read a folder: {0}")]
    Unreadable(walkdir::Error),
}

impl FolderError {
    /// The folder, or the part of it.
    pub(super) fn path(&self) -> &Path {
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
        for name in ["b/x.yml", "b/.git/x.yaml", "a.yaml", "a.txt", ".a.json", "c.json"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/round")).unwrap();
        let paths = [folder.path().to_owned(), "no-such.yaml".into()];
        let found: Vec<_> = named(&paths, true).into_iter().map(Result::unwrap).collect();
        let expected = ["a.yaml", "b/x.yml", "c.json"].map(|name| folder.path().join(name));
        assert_eq!(found[..3], expected);
        assert_eq!(found[3..], [PathBuf::from("no-such.yaml")]);
        assert_eq!(named(&paths, false).len(), 2);

        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let error = named(std::slice::from_ref(&empty), true).remove(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no file in `{}` ends in `.yaml`, `.yml` or `.json`", empty.display())
        );
    }
}
