//! Where images are kept: archives and OCI image layouts on disk, and registries.

mod archive;
mod files;
mod layout;
pub(crate) mod registry;

use std::fmt;
use std::io;
use std::path::Path;

use oci_spec::image::{Descriptor, Digest};
use serde::de::DeserializeOwned;

use crate::image::digest_of;
pub(crate) use layout::Layout;
use registry::{Options, ReferenceError, Registry, RegistryError};

/// How large a manifest, an index or a configuration may be: what registries take.
pub(crate) const LARGEST_MANIFEST: u64 = 4 << 20;

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

/// Opens an image by what the user calls it: the path of an archive or of an OCI image layout, or
/// else a reference to a registry.
///
/// A path is what is there on disk, begins as paths do, or ends as archives do.
pub(crate) fn open(image: &str, options: Options) -> Result<Box<dyn Store>, StoreError> {
    let path = Path::new(image);
    let is_written_as_path = image.starts_with(['.', '/'])
        || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"));
    if is_written_as_path || path.exists() {
        return Ok(Box::new(Layout::open(path)?));
    }
    Ok(Box::new(Registry::open(&image.parse()?, options)?))
}

/// Reads a JSON document that may have so many bytes, and no more.
pub(crate) fn document<T: DeserializeOwned>(
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
pub(crate) fn bounded(
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
pub(crate) fn checked(descriptor: &Descriptor, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let problem = match digest_of(&bytes) {
        _ if bytes.len() as u64 != descriptor.size() => {
            BlobProblem::Size { found: bytes.len() as u64, expected: descriptor.size() }
        }
        Ok(found) if found == *descriptor.digest() => return Ok(bytes),
        Ok(found) => BlobProblem::Digest(found),
        Err(error) => BlobProblem::Io(io::Error::other(error)),
    };
    Err(StoreError::Blob { digest: descriptor.digest().clone(), problem })
}

/// Why nothing comes from a store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Open(io::Error),
    #[error("{0}; expected an archive or a folder as `policy-builder image` writes it")]
    NotAnImage(NotAnImage),
    #[error("`{digest}` of the image {problem}")]
    Blob { digest: Digest, problem: BlobProblem },
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl StoreError {
    /// Whether it is simply not there.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Blob { problem, .. } => matches!(problem, BlobProblem::Missing),
            Self::Registry(error) => error.is_missing(),
            _ => false,
        }
    }
}

/// Why something on disk is no image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnImage {
    #[error("it is neither a file nor a folder")]
    Special,
    #[error("it has no `{0}`")]
    NoFile(&'static str),
    #[error("it is packed with gzip: unpack it with `gunzip`")]
    Gzip,
    #[error(
        "it is a Docker archive and no OCI archive: `skopeo copy docker-archive:… oci-archive:…` \
         makes one of it"
    )]
    Docker,
    #[error("it is not a tar archive: {0}")]
    NotTar(io::Error),
    #[error("it ends in the middle of `{0}`: it was not written or copied to its end")]
    Truncated(String),
    #[error("it holds more than {0} files")]
    ManyFiles(usize),
    #[error("its `{name}` has {size} bytes, expected at most {largest}")]
    Large { name: &'static str, size: u64, largest: u64 },
    #[error("its `index.json` is not an image index: {0}")]
    Index(String),
    #[error("its `manifest.json`, which Docker reads, names another image than its `index.json`")]
    TwoImages,
    #[error("it is for {0} platforms, expected 1 to 100")]
    Platforms(usize),
    #[error("it holds two images for `{0}`, of which a runtime takes either: expected one")]
    SamePlatform(String),
    #[error("its image for `{listed}` says of itself that it is for `{says}`")]
    OtherPlatform { listed: String, says: String },
    #[error("it holds {}, expected one image", listed(.0))]
    Images(Vec<String>),
}

/// What is wrong with a blob.
#[derive(Debug)]
pub(crate) enum BlobProblem {
    Missing,
    Algorithm,
    Large { size: u64, largest: u64 },
    Size { found: u64, expected: u64 },
    Digest(Digest),
    Json(serde_json::Error),
    Io(io::Error),
}

impl fmt::Display for BlobProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is not there"),
            Self::Algorithm => f.write_str("is named by something else than SHA-256"),
            Self::Large { size, largest } => {
                write!(f, "has {size} bytes, expected at most {largest}")
            }
            Self::Size { found, expected } => {
                write!(f, "has {found} bytes, expected {expected}: the image is damaged")
            }
            Self::Digest(found) => {
                write!(f, "does not hold what it is named by, but `{found}`: the image is damaged")
            }
            Self::Json(error) => write!(f, "is not the JSON document that it should be: {error}"),
            Self::Io(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

fn listed(images: &[String]) -> String {
    match images {
        [] => "no image".to_owned(),
        images => format!("{} images ({})", images.len(), images.join(", ")),
    }
}
