use std::fmt;
use std::io;

use oci_spec::image::Digest;

use super::registry::RegistryError;
use crate::reference::ReferenceError;

/// A failure to read an image from a store.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum StoreError {
    #[error("{0}")]
    Open(io::Error),
    #[error("{}; expected an OCI image layout (a folder or an archive) or a Docker archive{}", .0, .0.help())]
    NotAnImage(NotAnImage),
    #[error("`{digest}` of the image {problem}")]
    Blob { digest: Digest, problem: BlobProblem },
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl StoreError {
    /// Returns whether the image or the blob does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Blob { problem, .. } => matches!(problem, BlobProblem::Missing),
            Self::Registry(error) => error.is_missing(),
            _ => false,
        }
    }

    /// Returns whether there are other bytes than those that were asked for.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        match self {
            Self::Blob { problem, .. } => {
                matches!(problem, BlobProblem::Size { .. } | BlobProblem::Digest(_))
            }
            Self::Registry(error) => error.is_mismatch(),
            _ => false,
        }
    }
}

/// A reason why a file or folder is no image.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum NotAnImage {
    #[error("it is neither a file nor a folder")]
    Special,
    #[error("it has no `{0}`")]
    NoFile(&'static str),
    #[error("it is packed with gzip")]
    Gzip,
    #[error("its `{name}` is not as Docker has it: {error}")]
    Document { name: String, error: String },
    #[error("its `manifest.json` names `{0}`, which is none of its files")]
    Unlisted(String),
    #[error("it holds `{0}` twice")]
    Twice(String),
    #[error("its `manifest.json` lists {listed} layers, and its configuration {configured}")]
    Layers { listed: usize, configured: usize },
    #[error("its layer `{name}` is `{found}`, and its configuration says `{expected}`")]
    Layer { name: String, found: String, expected: String },
    #[error("it is not a tar archive: {0}")]
    NotTar(io::Error),
    #[error("it ends in the middle of `{0}`: it was not written or copied to its end")]
    Truncated(String),
    #[error("it holds more than {0} files")]
    ManyFiles(usize),
    #[error("its `{name}` has {size} bytes, expected at most {largest}")]
    Large { name: String, size: u64, largest: u64 },
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

impl NotAnImage {
    fn help(&self) -> &'static str {
        match self {
            Self::Gzip => "\nhelp: unpack it with `gunzip`",
            _ => "",
        }
    }
}

/// A defect of a blob.
#[derive(Debug)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum BlobProblem {
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
