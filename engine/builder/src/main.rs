//! From a folder of policy crates to one static binary and an OCI image.
//!
//! Data flows one way, a module a step: [`discover`] finds the crates of a folder, and those that
//! it names from elsewhere ([`remote`]); [`generate`] lays out a workspace that links them into a
//! program; [`resolve`] completes its lock, by `policies.lock` ([`policies_lock`]) where there is
//! one; [`vet`] finds what policies have no business with; [`compile`] makes one static binary of
//! it; [`inspect`] compares what that binary reports with what was asked for; [`image`] packs it,
//! with what [`supply`] says of where it comes from. [`pipeline`] calls them up to the binary,
//! [`cli`] the rest; a binary that another tool compiled comes in by [`prebuilt`].
//!
//! [`push`] takes an image from one [`store`] to another, [`watch`] runs the pipeline with each
//! save, [`scaffold`] writes folders to begin with, [`builder_image`] packs all of this, with a
//! compiler, as an image, and [`interrupt`] is how any of it ends early.

mod builder_image;
mod cargo;
mod carried;
mod cli;
mod compile;
mod container;
mod destination;
mod discover;
mod engine;
mod features;
mod files;
mod generate;
mod image;
mod inspect;
mod interrupt;
mod labels;

mod pipeline;
mod policies_file;
mod policies_lock;
mod prebuilt;
mod progress;
mod push;
mod remote;
mod report;
mod resolve;
mod revision;
mod scaffold;
mod store;
mod supply;
mod vet;
mod watch;
mod work_folder;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
