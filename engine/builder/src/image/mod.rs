//! Packs one static binary into a small OCI image, without a container engine: the same contents
//! give the same bytes on every machine.

mod archive;
mod base;
mod ca_certificates;
mod digest;
mod docker_archive;
mod documents;
mod file_set;
mod label;
mod layer;
mod multi_platform;
mod name;
mod pack;
mod source_date;
mod stored;
mod ustar;

pub(crate) use base::write_base;
pub(crate) use file_set::FileSet;
pub(crate) use label::{LabelError, label};
pub(crate) use layer::Layer;
pub(crate) use multi_platform::{IndexError, write_index};
pub(crate) use name::{ImageName, ImageNameError};
pub(crate) use pack::{Contents, Image, PackError, pack};
pub(crate) use source_date::SourceDate;
pub(crate) use stored::{StoreError, StoredImage, StoredLayer};
