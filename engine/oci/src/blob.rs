//! Bytes that others name by their digest.

use oci_spec::OciSpecError;
use oci_spec::image::{Descriptor, Digest, MediaType};
use serde::Serialize;

use crate::digest;

/// Bytes that an image names by their digest.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    pub descriptor: Descriptor,
    pub bytes: Vec<u8>,
}

impl Blob {
    pub(crate) fn json(
        media_type: MediaType,
        document: &impl Serialize,
    ) -> Result<Self, OciSpecError> {
        Self::new(media_type, canonical_json(document)?)
    }

    pub(crate) fn new(media_type: MediaType, bytes: Vec<u8>) -> Result<Self, OciSpecError> {
        let descriptor = Descriptor::new(media_type, bytes.len() as u64, digest::sha256(&bytes)?);
        Ok(Self { descriptor, bytes })
    }

    pub(crate) fn digest(&self) -> &Digest {
        self.descriptor.digest()
    }

    pub(crate) fn size(&self) -> u64 {
        self.descriptor.size()
    }

    /// The path of the blob in an OCI image layout.
    pub(crate) fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digest().digest())
    }
}

/// Serialises with sorted keys and without white space: the format's own types hold hash maps, whose
/// order varies.
///
/// # Errors
/// When the document has no form in JSON.
pub fn canonical_json(document: &impl Serialize) -> Result<Vec<u8>, OciSpecError> {
    let mut value = serde_json::to_value(document)?;
    value.sort_all_objects();
    Ok(serde_json::to_vec(&value)?)
}
