use policy_host::atomic::WriteError;

use crate::ReferenceError;
use crate::store::{RegistryError, StoreError};

/// A failure to attach documents to an image.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum AttachError {
    #[error("the image `{0}` is an archive, in which nothing can be attached to it")]
    Archive(String),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("failed to read the index of the image: {0}")]
    Index(String),
}
