//! An image in a registry as a store: here, as registries know nothing of stores.

use oci_spec::image::{Descriptor, Digest};

use super::error::StoreError;
use super::registry::RegistryImage;
use super::source::Store;

impl Store for RegistryImage {
    fn root(&self) -> Result<Descriptor, StoreError> {
        Ok(self.root_descriptor()?)
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        Ok(self.fetch(descriptor)?)
    }

    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        Ok(self.referrers(subject)?)
    }
}
