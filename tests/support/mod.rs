//! What every test uses.

mod builder;
mod containers;
mod folder;
mod mounted;
mod nix;
mod registry;
mod repository;
mod unpacked;

use std::io::{self, Write};

pub(crate) use builder::{FIRST, SECOND, builder, cargo_image, root};
pub(crate) use containers::{Loaded, answers, docker_answers, run};
pub(crate) use folder::{Folder, sentence};
pub(crate) use mounted::Mounted;
pub(crate) use nix::{Nix, built, with_policies};
pub(crate) use repository::{engine, repository};
pub(crate) use unpacked::{Unpacked, digest};

/// Says, whether tests' output is captured or not, that something could not be tried here.
pub(crate) fn skipped(what: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {what}: {reason}");
}
