use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use fs_err::File;

use super::error::{NotAnImage, StoreError};

/// The largest number of members. An image has about ten.
pub(super) const MAX_MEMBERS: usize = 10_000;
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A tar archive whose members are read where they lie: nothing is unpacked.
#[derive(Debug)]
pub(super) struct TarFile {
    file: File,
    /// The offset and the size of each file.
    members: BTreeMap<String, (u64, u64)>,
}

impl TarFile {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::Open)?;
        let length = file.metadata().map_err(StoreError::Open)?.len();
        let members = members(&file, length).map_err(StoreError::NotAnImage)?;
        Ok(Self { file, members })
    }

    pub(super) fn size(&self, path: &str) -> Option<u64> {
        self.members.get(path).map(|(_, size)| *size)
    }

    pub(super) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let (start, size) = self.members.get(path).ok_or(io::ErrorKind::NotFound)?;
        let mut file = self.file.file();
        file.seek(SeekFrom::Start(*start))?;
        let mut bytes = Vec::new();
        file.take(*size).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The names of the files in a folder, sorted.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let inside =
            |path: &String| path.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned);
        self.members.keys().filter_map(inside).collect()
    }
}

/// The files of an archive. Raw: names too long for a header are none of an image's, and what
/// extends headers would be read into memory whatever its size.
fn members(file: &File, length: u64) -> Result<BTreeMap<String, (u64, u64)>, NotAnImage> {
    let mut archive = tar::Archive::new(file.file());
    let mut members = BTreeMap::new();
    let entries = archive.entries_with_seek().map_err(NotAnImage::NotTar)?.raw(true);
    for (count, entry) in entries.enumerate() {
        if count == MAX_MEMBERS {
            return Err(NotAnImage::ManyFiles(MAX_MEMBERS));
        }
        let entry = entry.map_err(NotAnImage::NotTar)?;
        let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
        let (start, size) = (entry.raw_file_position(), entry.size());
        if start.checked_add(size).is_none_or(|end| end > length) {
            return Err(NotAnImage::Truncated(name));
        }
        if entry.header().entry_type().is_file() {
            members.insert(name.trim_start_matches("./").to_owned(), (start, size));
        }
    }
    Ok(members)
}
