use std::io;

use oci_spec::image::{Descriptor, Digest};
use serde::de::DeserializeOwned;

use super::error::{BlobProblem, StoreError};
use crate::digest;

/// The largest manifest, index or configuration, in bytes, as registries take it.
pub const LARGEST_MANIFEST: u64 = 4 << 20;

/// One image, or one index of images, where it is kept.
///
/// Implementations compare the size and the digest of all that they return.
pub trait Store {
    /// The descriptor of the manifest or the index that the store was opened for.
    ///
    /// # Errors
    /// When it cannot be read.
    fn root(&self) -> Result<Descriptor, StoreError>;

    /// Reads a manifest, an index, a configuration or a layer.
    ///
    /// # Errors
    /// When it cannot be read, or is not what the descriptor says.
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError>;

    /// The referrers of a manifest or an index, with `artifactType` set.
    ///
    /// # Errors
    /// When they cannot be read.
    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError>;
}

/// Reads a JSON document of at most `largest` bytes.
///
/// # Errors
/// When it is larger, cannot be read, or is another document.
pub fn document<T: DeserializeOwned>(
    store: &dyn Store,
    descriptor: &Descriptor,
    largest: u64,
) -> Result<T, StoreError> {
    let bytes = bounded(store, descriptor, largest)?;
    serde_json::from_slice(&bytes).map_err(|error| StoreError::Blob {
        digest: descriptor.digest().clone(),
        problem: BlobProblem::Json(error),
    })
}

/// Reads at most `largest` bytes.
///
/// # Errors
/// When there are more, or they cannot be read.
pub fn bounded(
    store: &dyn Store,
    descriptor: &Descriptor,
    largest: u64,
) -> Result<Vec<u8>, StoreError> {
    if descriptor.size() > largest {
        let problem = BlobProblem::Large { size: descriptor.size(), largest };
        return Err(StoreError::Blob { digest: descriptor.digest().clone(), problem });
    }
    store.read(descriptor)
}

/// Compares bytes with the size and the digest of their descriptor.
pub(super) fn checked(descriptor: &Descriptor, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let problem = match digest::sha256(&bytes) {
        _ if bytes.len() as u64 != descriptor.size() => {
            BlobProblem::Size { found: bytes.len() as u64, expected: descriptor.size() }
        }
        Ok(found) if found == *descriptor.digest() => return Ok(bytes),
        Ok(found) => BlobProblem::Digest(found),
        Err(error) => BlobProblem::Io(io::Error::other(error)),
    };
    Err(StoreError::Blob { digest: descriptor.digest().clone(), problem })
}
