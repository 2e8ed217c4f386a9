//! What every test uses.

mod builder;
mod clients;
mod containers;
mod folder;
mod http;
mod mounted;
mod nix;
mod registry;
mod repository;
mod server;
mod unpacked;
mod waiting;

use std::io::{self, Write};

pub(crate) use builder::{FIRST, SECOND, builder, cargo_image, root};
pub(crate) use clients::{clients, node_modules, python};
pub(crate) use containers::{Loaded, answers, client_answers, docker_answers, run};
pub(crate) use folder::{Folder, sentence};
pub(crate) use http::{Answer, Http};
pub(crate) use mounted::Mounted;
pub(crate) use nix::{Nix, built, with_policies};
pub(crate) use repository::{engine, repository};
pub(crate) use server::{Server, stress_engine};
pub(crate) use unpacked::{Unpacked, digest};
pub(crate) use waiting::{PATIENCE, until, until_within};

/// Says, whether tests' output is captured or not, that something could not be tried here.
pub(crate) fn skipped(what: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {what}: {reason}");
}
