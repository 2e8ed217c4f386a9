//! The helpers of all test binaries.

#![expect(dead_code, unused_imports, reason = "each binary uses a part of them")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test may panic as the test itself may"
)]

mod builder;
mod clients;
mod containers;
mod documents;
mod faulty_proxy;
mod folder;
mod http;
/// HTTP/2, frame by frame.
pub(crate) mod http2;
mod mounted;
mod nix;
mod oci_registry;
mod programs;
mod registry;
mod repository;
mod server;
mod shell;
mod small_engine;
mod sparse_registry;
mod unpacked;
mod waiting;
/// HTTP byte by byte, and the counters and logs of a server.
pub(crate) mod wire;

pub(crate) use builder::{WORK_DIR, builder, builder_process, cargo, cargo_image, root};
pub(crate) use clients::{axe, clients, node_modules, opa, python, read_reports};
pub(crate) use containers::{Loaded, run};
pub(crate) use documents::{Shown, ShownStep, document_block, shown_commands, shown_steps};
pub(crate) use faulty_proxy::{FaultyProxy, ProxyAction};
pub(crate) use folder::{Folder, sentence};
pub(crate) use http::{Http, HttpResponse, UNUSED_ADDRESS};
pub(crate) use mounted::Mounted;
pub(crate) use nix::{Nix, built, with_policies};
pub(crate) use oci_registry::OciRegistry;
pub(crate) use programs::write_program;
pub(crate) use repository::{engine, repository};
pub(crate) use server::{Server, hostile_engine, stress_engine};
pub(crate) use shell::{DockerTag, Shell, on_path};
pub(crate) use small_engine::SMALL_RUNTIME;
pub(crate) use sparse_registry::SparseRegistry;
pub(crate) use unpacked::{Unpacked, digest};
pub(crate) use waiting::{PATIENCE, StopsOthers, until, until_within};
