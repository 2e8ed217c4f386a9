//! The image of a program.

mod base;
mod build_log;
mod ca_certificates;
pub(crate) mod labels;
pub(crate) mod pack;
pub(crate) mod prebuilt;
mod program;

pub(crate) use base::write_base;
pub(crate) use build_log::BuildLog;
pub(crate) use pack::ImageOptions;
pub(crate) use program::{Built, Program};
