//! Images where they are kept: archives and OCI image layouts on disk, and registries.

mod archive;
mod error;
mod files;
mod layout;
mod open;
pub mod registry;
mod source;

pub use error::{BlobProblem, NotAnImage, StoreError};
pub use layout::Layout;
pub use open::open;
pub use source::{LARGEST_MANIFEST, Store, bounded, document};
