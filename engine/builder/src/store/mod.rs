//! Where images are kept: archives and OCI image layouts on disk, and registries.

mod local;
pub(crate) mod registry;

use oci_spec::image::{Descriptor, Digest};

pub(crate) use local::{Local, LocalError};
use registry::RegistryError;

/// One image, or one index of images, where it is kept.
///
/// What comes from it is what its digest says: whoever implements this compares size and digest.
pub(crate) trait Store {
    /// The manifest or the index that the user named.
    fn root(&self) -> Result<Descriptor, StoreError>;

    /// The bytes of a manifest, an index, a configuration or a layer.
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError>;

    /// What refers to a manifest or an index as its subject, with `artifactType` set.
    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError>;
}

/// Why nothing comes from a store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}
