//! Images where they are kept: archives and OCI image layouts on disk, and registries.

mod archive;
mod docker;
mod error;
mod files;
mod layout;
mod open;
pub(crate) mod registry;
mod registry_image;
mod source;

pub use error::{BlobProblem, NotAnImage, StoreError};
pub use layout::Layout;
pub use open::open;
pub(crate) use open::path;
pub use registry::{RegistryError, RegistryOptions};
pub use source::{LARGEST_MANIFEST, MOST_REFERRERS, Store, bounded, document, referrer};
