//! OCI images: built reproducibly, written, read, and pushed to registries.
//!
//! - [`Layer`] and [`Image`] are made of files and a description ([`ImageSpec`]). The same input
//!   gives the same bytes on every machine. [`MultiPlatform`] joins images of several platforms.
//! - [`image::Attachment`]s, such as bills of materials, are attached to an image as OCI referrers, or by
//!   [`attach`](fn@attach::attach) where it is kept.
//! - [`archive`] has what is special to files on disk, [`store`] reads images from disk and from
//!   registries, and [`push`](fn@push::push) copies them to registries.
//!
//! It never knows policies, Cargo, or how a program is compiled, and needs no container engine.
//!
//! # Example
//!
//! An image of one file, written as an archive for `docker load`, `podman load` and `skopeo`:
//!
//! ```
//! use policy_oci::{Compression, FileSet, Image, ImageSpec, Layer, SourceDate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let created = SourceDate::default();
//! let mut files = FileSet::default();
//! files.program("/bin/hello", b"#!/bin/sh\necho hello\n".to_vec());
//! let layer = Layer::new(&files, "the program", created, Compression::Gzip)?;
//! let image = Image::new(
//!     ImageSpec {
//!         platform: "linux/amd64".parse()?,
//!         name: "registry.example.com/hello:v1".parse()?,
//!         created,
//!         labels: [("org.opencontainers.image.title".to_owned(), "hello".to_owned())].into(),
//!         process: oci_spec::image::ConfigBuilder::default()
//!             .entrypoint(["/bin/hello".to_owned()])
//!             .build()?,
//!         created_by: "an example".to_owned(),
//!     },
//!     vec![layer],
//! )?;
//! let mut archive = Vec::new();
//! image.write_archive(&mut archive)?;
//! assert!(image.manifest_digest().to_string().starts_with("sha256:"));
//! # Ok(())
//! # }
//! ```

pub mod archive;
pub mod attach;
mod blob;
mod digest;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod image;
mod layer;
mod manifest;
mod platform;
pub mod push;
mod reference;
mod source_date;
pub mod store;

pub use blob::canonical_json;
pub use digest::sha256;
pub use error::ImageError;
pub use image::{Image, ImageSpec, MultiPlatform, StoredImage};
pub use layer::{Compression, CompressionError, FileSet, GzipWriter, Layer, StoredLayer};
pub use platform::{Platform, PlatformError};
pub use reference::{Reference, ReferenceError, Repository};
pub use source_date::{SourceDate, SourceDateError};
