use oci_spec::image::{Descriptor, Digest};

use super::Image;
use crate::store::{BlobProblem, Store, StoreError};

/// An image in memory is read as one that is kept somewhere is.
impl Store for Image {
    fn root(&self) -> Result<Descriptor, StoreError> {
        Ok(self.manifest.descriptor.clone())
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        let digest = descriptor.digest();
        let found = self.all_blobs().find(|blob| blob.digest() == digest);
        found.map(|blob| blob.bytes.clone()).ok_or_else(|| StoreError::Blob {
            digest: digest.clone(),
            problem: BlobProblem::Missing,
        })
    }

    fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        Ok(self.attachments.iter().map(|it| it.manifest.descriptor.clone()).collect())
    }
}
