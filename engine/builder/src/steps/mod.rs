//! The steps of a build, in their order, and [`Build`], which composes them.

pub(crate) mod compile;
pub(crate) mod discover;
pub(crate) mod engine;
pub(crate) mod features;
pub(crate) mod image;
pub(crate) mod provenance;
pub(crate) mod resolve;
pub(crate) mod revision;
pub(crate) mod self_check;
pub(crate) mod vet;
pub(crate) mod work_folder;
pub(crate) mod workspace;

mod build;
mod error;
mod options;

pub(crate) use build::Build;
pub(crate) use error::BuildError;
pub(crate) use options::{BuildOptions, TargetChoice};
