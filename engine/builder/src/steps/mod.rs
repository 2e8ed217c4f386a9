//! The steps of a build, and [`Build`], which composes them.
//!
//! In their order:
//! 1. [`engine`] finds the engine's sources, and [`features`] chooses its optional parts.
//! 2. [`discover`] finds the policy crates of a folder, and those that it names from elsewhere.
//! 3. [`workspace`] lays out a Cargo workspace that links them into a program.
//! 4. [`resolve`] completes its lock, by `policies.lock` where there is one. [`program_source`] then
//!    writes the program, with what [`grants`] finds that policies may do while it runs, and the
//!    list of what it is linked with, in the form of [`auditable`].
//! 5. [`vet`] finds forbidden capabilities.
//! 6. [`compile`] makes one static binary of it.
//! 7. [`self_check`] compares what that binary reports with the build plan.
//! 8. [`image`] packs it, and attaches what [`provenance`] writes.

pub(crate) mod answers;
mod auditable;
mod cache;
pub(crate) mod compile;
pub(crate) mod discover;
pub(crate) mod engine;
pub(crate) mod features;
pub(crate) mod git;
mod grants;
pub(crate) mod image;
pub(crate) mod platform;
pub(crate) mod program_source;
pub(crate) mod provenance;
pub(crate) mod resolve;
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
