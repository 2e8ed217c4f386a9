use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::archive::TarFile;
use super::error::{NotAnImage, StoreError};

/// The files of an OCI image layout, by their paths in it.
#[derive(Debug)]
pub(super) enum LayoutFiles {
    Folder(PathBuf),
    Archive(TarFile),
}

impl LayoutFiles {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let found = fs_err::metadata(path).map_err(StoreError::Open)?;
        if found.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if !found.is_file() {
            // A pipe could be read once only, and a device for ever.
            return Err(StoreError::NotAnImage(NotAnImage::Special));
        }
        TarFile::open(path).map(Self::Archive)
    }

    /// The size of a file; `None` where there is no such file.
    pub(super) fn size(&self, path: &str) -> io::Result<Option<u64>> {
        match self {
            Self::Folder(folder) => match fs_err::metadata(folder.join(path)) {
                Ok(found) if found.is_file() => Ok(Some(found.len())),
                Ok(_) => Ok(None),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
            Self::Archive(archive) => Ok(archive.size(path)),
        }
    }

    /// The bytes of a file that is there.
    pub(super) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => fs_err::read(folder.join(path)),
            Self::Archive(archive) => archive.read(path),
        }
    }

    /// The names of the files in a folder, sorted.
    pub(super) fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let root = match self {
            Self::Folder(root) => root,
            Self::Archive(archive) => return Ok(archive.names(folder)),
        };
        let mut names = Vec::new();
        for entry in fs_err::read_dir(root.join(folder))? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }
}
