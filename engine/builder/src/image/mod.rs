//! Packs one static binary into a small OCI image, without a container engine: the same contents
//! give the same bytes on every machine.

mod archive;
mod ca_certificates;
mod digest;
mod documents;
mod layer;
mod name;
mod pack;
mod source_date;
mod ustar;

pub(crate) use layer::Layer;
pub(crate) use name::{ImageName, ImageNameError};
pub(crate) use pack::{Contents, Image, PackError, pack};
pub(crate) use source_date::SourceDate;
