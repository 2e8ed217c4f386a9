use std::io;

use oci_spec::OciSpecError;

/// A failure to pack an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file of a layer cannot be read or written.
    #[error("failed to pack the image: {0}")]
    Files(#[from] io::Error),
    /// A document of the image cannot be made.
    #[error("failed to describe the image: {0}\nhelp: this is a defect, please report it")]
    Documents(#[from] OciSpecError),
}
