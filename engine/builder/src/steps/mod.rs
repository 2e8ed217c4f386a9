//! The steps of a build, in their order.

pub(crate) mod build;
pub(crate) mod compile;
pub(crate) mod discover;
pub(crate) mod engine;
pub(crate) mod features;
pub(crate) mod image;
pub(crate) mod provenance;
pub(crate) mod resolve;
pub(crate) mod revision;
pub(crate) mod self_check;
mod sources;
pub(crate) mod vet;
mod vetting;
pub(crate) mod work_folder;
pub(crate) mod workspace;
