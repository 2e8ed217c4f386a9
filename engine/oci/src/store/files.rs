use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::archive::TarFile;
use super::docker;
use super::error::{NotAnImage, StoreError};
use policy_host::signals::ScratchDir;

/// The files of an OCI image layout, by their paths in it.
#[derive(Debug)]
pub(super) enum LayoutFiles {
    Folder(PathBuf),
    Archive(TarFile),
    /// What a Docker archive was unpacked to.
    Unpacked(ScratchDir),
}

/// The place of files, wherever they come from.
enum Source<'a> {
    Folder(&'a Path),
    Archive(&'a TarFile),
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
        if docker::is_gzip(path).map_err(StoreError::Open)? {
            return docker::lay_out(path).map(Self::Unpacked);
        }
        let archive = TarFile::open(path)?;
        if archive.size("oci-layout").is_none() && archive.size(docker::MANIFEST).is_some() {
            return docker::lay_out(path).map(Self::Unpacked);
        }
        Ok(Self::Archive(archive))
    }

    fn source(&self) -> Source<'_> {
        match self {
            Self::Folder(folder) => Source::Folder(folder),
            Self::Unpacked(folder) => Source::Folder(folder.path()),
            Self::Archive(archive) => Source::Archive(archive),
        }
    }

    /// The size of a file; `None` where there is no such file.
    pub(super) fn size(&self, path: &str) -> io::Result<Option<u64>> {
        let folder = match self.source() {
            Source::Folder(folder) => folder,
            Source::Archive(archive) => return Ok(archive.size(path)),
        };
        match fs_err::metadata(folder.join(path)) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a file that is there.
    pub(super) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match self.source() {
            Source::Folder(folder) => fs_err::read(folder.join(path)),
            Source::Archive(archive) => archive.read(path),
        }
    }

    /// The names of the files in a folder, sorted.
    pub(super) fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let root = match self.source() {
            Source::Folder(root) => root,
            Source::Archive(archive) => return Ok(archive.names(folder)),
        };
        let mut names = Vec::new();
        for entry in fs_err::read_dir(root.join(folder))? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }
}
