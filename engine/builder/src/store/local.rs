//! An image on disk, as `push` needs it: an OCI image layout, in a folder or in an archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use oci_spec::image::{Descriptor, Digest, ImageIndex};

use super::{Store, StoreError};
use crate::image::digest;

/// A layout, whose first image or index is the one that is meant.
pub(crate) struct Local {
    path: PathBuf,
    /// The archive's files: where each begins and how long it is. Of a folder there are none.
    members: Option<BTreeMap<String, (u64, u64)>>,
    index: ImageIndex,
}

impl Local {
    pub(crate) fn open(path: &Path) -> Result<Self, LocalError> {
        let wrong = |reason: String| LocalError { path: path.to_owned(), reason };
        let read = |error: io::Error| wrong(error.to_string());
        let is_folder = fs_err::metadata(path).map_err(read)?.is_dir();
        let members = if is_folder { None } else { Some(members(path).map_err(read)?) };
        let mut local = Self { path: path.to_owned(), members, index: ImageIndex::default() };
        let index = local.file("index.json").map_err(read)?;
        local.index = ImageIndex::from_reader(index.as_slice())
            .map_err(|error| wrong(format!("`index.json` is not an image index: {error}")))?;
        Ok(local)
    }

    fn file(&self, name: &str) -> io::Result<Vec<u8>> {
        let Some(members) = &self.members else { return fs_err::read(self.path.join(name)) };
        let (start, size) =
            members.get(name).ok_or_else(|| io::Error::other(format!("it has no `{name}`")))?;
        let mut archive = fs_err::File::open(&self.path)?;
        archive.seek(SeekFrom::Start(*start))?;
        let mut bytes = Vec::new();
        archive.take(*size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn wrong(&self, reason: String) -> StoreError {
        LocalError { path: self.path.clone(), reason }.into()
    }
}

fn members(path: &Path) -> io::Result<BTreeMap<String, (u64, u64)>> {
    let mut archive = tar::Archive::new(File::from(fs_err::File::open(path)?));
    let mut members = BTreeMap::new();
    for entry in archive.entries_with_seek()? {
        let entry = entry?;
        let name = entry.path()?.display().to_string();
        members.insert(name, (entry.raw_file_position(), entry.size()));
    }
    Ok(members)
}

impl Store for Local {
    fn root(&self) -> Result<Descriptor, StoreError> {
        let root = self.index.manifests().iter().find(|it| it.artifact_type().is_none());
        root.cloned().ok_or_else(|| self.wrong("it holds no image".to_owned()))
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        let name = format!("blobs/sha256/{}", descriptor.digest().digest());
        let bytes = self.file(&name).map_err(|error| self.wrong(error.to_string()))?;
        let found = digest::of(&bytes).map_err(|error| self.wrong(error.to_string()))?;
        if found == *descriptor.digest() && bytes.len() as u64 == descriptor.size() {
            return Ok(bytes);
        }
        Err(self.wrong(format!("`{name}` does not hold what it is named by")))
    }

    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Referrer {
            subject: Option<Descriptor>,
        }
        let mut found = Vec::new();
        for descriptor in self.index.manifests() {
            let bytes = self.read(descriptor)?;
            let referrer = serde_json::from_slice(&bytes);
            let Referrer { subject: of } =
                referrer.map_err(|error| self.wrong(error.to_string()))?;
            if of.is_some_and(|it| it.digest() == subject) {
                found.push(descriptor.clone());
            }
        }
        Ok(found)
    }
}

/// Why there is no image on disk.
#[derive(Debug, thiserror::Error)]
#[error(
    "read the image `{}`: {reason}; expected an archive or an OCI image layout, as `policy-builder \
     image` writes it", path.display()
)]
pub(crate) struct LocalError {
    path: PathBuf,
    reason: String,
}
