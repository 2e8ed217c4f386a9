use oci_spec::image::{Descriptor, Digest};

use crate::blob::Blob;
use crate::image::Referrer;
use crate::store::{Store, StoreError};

/// An image with more referrers than there are where it is kept.
pub struct WithReferrers<'a> {
    store: &'a dyn Store,
    referrers: &'a [Referrer],
}

impl<'a> WithReferrers<'a> {
    /// Adds referrers to an image, for those who read it by this.
    #[must_use]
    pub fn new(store: &'a dyn Store, referrers: &'a [Referrer]) -> Self {
        Self { store, referrers }
    }

    fn blob(&self, digest: &Digest) -> Option<&Blob> {
        self.referrers.iter().flat_map(Referrer::blobs).find(|blob| blob.digest() == digest)
    }
}

impl Store for WithReferrers<'_> {
    fn root(&self) -> Result<Descriptor, StoreError> {
        self.store.root()
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        match self.blob(descriptor.digest()) {
            Some(blob) => Ok(blob.bytes.clone()),
            None => self.store.read(descriptor),
        }
    }

    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        let mut found = self.store.referrers(subject)?;
        let added = self.referrers.iter().filter(|referrer| referrer.subject() == subject);
        found.extend(added.map(|referrer| referrer.descriptor().clone()));
        Ok(found)
    }
}
