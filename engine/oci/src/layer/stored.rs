use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use oci_spec::image::{Descriptor, MediaType};

use super::compressed::Layer;
use super::file_set::FileSet;
use super::gzip::GzipWriter;
use crate::SourceDate;
use crate::blob::Blob;
use crate::digest::DigestWriter;
use crate::error::ImageError;

/// A layer that is too large for memory. An unnamed file holds it.
#[derive(Debug)]
pub struct StoredLayer {
    /// The layer without its bytes.
    pub(crate) layer: Layer,
    pub(crate) file: File,
}

impl StoredLayer {
    /// Archives, compresses and digests files into a temporary file in `folder`.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn new(
        files: &FileSet,
        comment: &'static str,
        created: SourceDate,
        folder: &Path,
    ) -> Result<Self, ImageError> {
        let file = BufWriter::new(tempfile::tempfile_in(folder)?);
        let gzip = GzipWriter::new(DigestWriter::new(file))?;
        let tar = files.write(DigestWriter::new(gzip), created)?.finish()?;
        let blob = tar.inner.finish()?.finish()?;
        let layer = Layer {
            blob: Blob {
                descriptor: Descriptor::new(MediaType::ImageLayerGzip, blob.size, blob.digest),
                bytes: Vec::new(),
            },
            diff_id: tar.digest,
            uncompressed_size: tar.size,
            comment,
        };
        let file = blob.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { layer, file })
    }
}
