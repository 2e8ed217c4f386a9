//! Packs one static binary into a small OCI image, without a container engine: the same contents
//! give the same bytes on every machine.

mod archive;
mod as_store;
mod attachment;
mod base;
mod ca_certificates;
pub(crate) mod digest;
mod docker_archive;
mod documents;
mod file_set;
mod gzip;
mod label;
mod layer;
mod multi_platform;
mod name;
mod pack;
mod platform;
mod source_date;
mod stored;
mod ustar;

pub(crate) use attachment::{Document, SBOM, STATEMENT};
pub(crate) use base::write_base;
pub(crate) use digest::of as digest_of;
pub(crate) use documents::canonical_json;
pub(crate) use file_set::FileSet;
pub(crate) use label::{LabelError, label};
pub(crate) use layer::Layer;
pub(crate) use multi_platform::{IndexError, MultiPlatform};
pub(crate) use name::{DOCKER_HUB, ImageName, ImageNameError};
pub(crate) use pack::{Contents, Image, PackError, pack};
pub(crate) use platform::Platform;
pub(crate) use source_date::SourceDate;
pub(crate) use stored::{StoredError, StoredImage, StoredLayer};

#[cfg(test)]
pub(crate) mod tests {
    pub(crate) use super::attachment::tests::with_documents;
    pub(crate) use super::pack::tests::contents;
}
