//! Cargo workspaces: manifests, lock files and configuration, and running Cargo.
//!
//! - [`manifest`] reads manifests with what they inherit from their workspace.
//! - [`lockfile`] reads and writes lock files, and [`Pins`] are the versions that they pin.
//! - [`Configuration`] is Cargo's configuration without what would change a program.
//! - [`Cargo`] runs Cargo, [`Message`] is what it prints, and [`rustc`] asks the compiler.
//! - [`LinkedIds`] and [`LinkedPackage`] say what a program is linked with, and [`DependencyTree`]
//!   what it is going to be.
//!
//! It never knows what is built: no policy and no image.

mod command;
mod configuration;
mod elf;
mod error;
mod home;
mod linked;
mod linker;
pub mod lockfile;
pub mod manifest;
mod message;
mod metadata;
mod pins;
pub mod rustc;
mod rustflags;
mod source;
mod target;
mod toml;
mod tree;
mod vendor;

pub use command::{
    Cargo, CargoOutput, Network, circumstances, complete_lock, one_line, stream_messages,
    use_temporary_folder,
};
pub use configuration::{Configuration, ConfigurationError, SetAside};
pub use elf::{ElfError, check_processor, check_static};
pub use error::CargoError;
pub use home::cargo_home;
pub use linked::{LinkedIds, LinkedPackage, PackageId};
pub use message::{
    CompilerMessage, Message, conflicting_allocators, dep_info_of, runs_at_compile_time,
};
pub use metadata::fetch_metadata;
pub use pins::{Pins, Renewal};
pub use rustflags::rustflags;
pub use source::Source;
pub use target::Target;
pub use tree::DependencyTree;
pub use vendor::{Vendored, vendor};
