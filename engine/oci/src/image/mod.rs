//! Images in memory: layers and the documents that describe them.

mod documents;
mod multi_platform;
mod packed;
mod referrer;
mod spec;
mod stored;

pub use multi_platform::{IndexError, MultiPlatform};
pub use packed::Image;
pub use referrer::{Attachment, Referrer, SBOM, STATEMENT};
pub use spec::ImageSpec;
pub use stored::StoredImage;

#[cfg(test)]
pub(crate) mod tests {
    pub(crate) use super::referrer::tests::with_documents;
}
