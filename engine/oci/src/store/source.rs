use std::io;

use oci_spec::image::{Descriptor, Digest, ImageManifest};
use serde::de::DeserializeOwned;

use super::error::{BlobProblem, StoreError};
use crate::digest;

/// The largest manifest, index or configuration, in bytes, as registries take it.
pub const LARGEST_MANIFEST: u64 = 4 << 20;
/// The number of an image's referrers to look at: anybody may attach some.
pub const MOST_REFERRERS: usize = 100;

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

/// Reads the manifest of a referrer. `None` where there is none that refers to this subject: indexes go
/// on listing what is gone, and whatever else somebody refers by.
///
/// # Errors
/// When it cannot be read, or is said to be of a known type and is no manifest.
pub fn referrer(
    store: &dyn Store,
    listed: &Descriptor,
    subject: &Digest,
) -> Result<Option<ImageManifest>, StoreError> {
    let manifest: ImageManifest = match document(store, listed, LARGEST_MANIFEST) {
        Ok(manifest) => manifest,
        Err(error) if error.is_missing() => return Ok(None),
        Err(StoreError::Blob { .. }) if listed.artifact_type().is_none() => return Ok(None),
        Err(error) => return Err(error),
    };
    let refers = manifest.subject().as_ref().is_some_and(|found| found.digest() == subject);
    Ok(refers.then_some(manifest))
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
