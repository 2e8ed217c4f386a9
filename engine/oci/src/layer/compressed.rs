use std::panic::resume_unwind;
use std::thread;

use oci_spec::image::Digest;

use super::compression::Compression;
use super::file_set::FileSet;
use crate::blob::Blob;
use crate::error::ImageError;
use crate::{SourceDate, digest};

/// One compressed layer of an image.
#[derive(Debug)]
pub struct Layer {
    pub(crate) blob: Blob,
    /// The digest of the layer before it is compressed.
    pub(crate) diff_id: Digest,
    pub(crate) uncompressed_size: u64,
    pub(crate) comment: &'static str,
}

impl Layer {
    /// Archives, compresses and digests files. `comment` describes them in the image's history.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn new(
        files: &FileSet,
        comment: &'static str,
        created: SourceDate,
        compression: Compression,
    ) -> Result<Self, ImageError> {
        let tar = files.write(Vec::new(), created)?;
        let (compressed, diff_id) = thread::scope(|scope| {
            let diff_id = scope.spawn(|| digest::sha256(&tar));
            let compressed = compression.compress(&tar);
            (compressed, diff_id.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        Ok(Self {
            blob: Blob::new(compression.media_type(), compressed?)?,
            diff_id: diff_id?,
            uncompressed_size: tar.len() as u64,
            comment,
        })
    }

    /// The digest of the compressed layer.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.blob.digest()
    }

    /// The bytes that are stored and sent.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        self.blob.size()
    }

    /// The bytes that the layer unpacks to, as a tar archive.
    #[must_use]
    pub fn uncompressed_size(&self) -> u64 {
        self.uncompressed_size
    }

    /// The description of the layer, for people.
    #[must_use]
    pub fn comment(&self) -> &'static str {
        self.comment
    }
}
