use std::io;

use oci_spec::image::{Descriptor, Digest};
use serde::de::DeserializeOwned;

use super::error::{BlobProblem, StoreError};
use crate::digest;

/// How large a manifest, an index or a configuration may be: what registries take.
pub const LARGEST_MANIFEST: u64 = 4 << 20;

/// One image, or one index of images, where it is kept.
///
/// What comes from it is what its digest says: whoever implements this compares size and digest.
pub trait Store {
    /// The manifest or the index that the user named.
    fn root(&self) -> Result<Descriptor, StoreError>;

    /// The bytes of a manifest, an index, a configuration or a layer.
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError>;

    /// What refers to a manifest or an index as its subject, with `artifactType` set.
    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError>;
}

/// Reads a JSON document that may have so many bytes, and no more.
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

/// Reads what may have so many bytes, and no more.
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

/// Compares bytes with what they are said to be.
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
