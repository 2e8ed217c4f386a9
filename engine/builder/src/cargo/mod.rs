//! Cargo workspaces: manifests with what they inherit, lock files, configuration, and running Cargo.
//! Never knows a policy or an image.

mod command;
mod configuration;
mod elf;
mod error;
mod home;
mod linker;
pub(crate) mod lockfile;
pub(crate) mod manifest;
mod message;
mod metadata;
mod pins;
pub(crate) mod rustc;
mod rustflags;
mod source;
mod target;
mod vendor;

pub(crate) use command::{
    Cargo, CargoOutput, Network, complete_lock, one_line, stream_messages, use_temporary_folder,
};
pub(crate) use configuration::{Configuration, ConfigurationError};
pub(crate) use elf::{ElfError, check_processor, check_static};
pub(crate) use error::CargoError;
pub(crate) use home::cargo_home;
pub(crate) use message::{
    CompilerMessage, Message, conflicting_allocators, dep_info_of, runs_at_compile_time,
};
pub(crate) use metadata::{LinkedPackage, PackageId, fetch_metadata, linked_packages};
pub(crate) use pins::{Pins, Renewal};
pub(crate) use rustflags::{lld_rustflags, rustflags};
pub(crate) use source::Source;
pub(crate) use target::Target;
pub(crate) use vendor::{Vendored, vendor};
