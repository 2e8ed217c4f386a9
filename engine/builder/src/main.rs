//! From a folder of policy crates to one static binary and an OCI image.
//!
//! Data flows one way, a module a step: [`discover`] finds the crates of a folder, [`generate`]
//! lays out a workspace that links them into a program, [`resolve`] completes its lock,
//! [`compile`] makes one static binary of it, [`inspect`] compares what that binary reports with
//! what was asked for, and [`image`] packs it. [`pipeline`] calls them up to the binary, [`cli`]
//! the rest; a binary that another tool compiled comes in by [`prebuilt`]. [`watch`] runs the
//! pipeline with each save and serves what comes of it.

mod cli;
mod compile;
mod destination;
mod discover;
mod engine;
mod features;
mod files;
mod generate;
mod image;
mod inspect;
mod labels;
mod lock;
mod manifest;
mod pipeline;
mod policies_file;
mod prebuilt;
mod progress;
mod report;
mod resolve;
mod resolve_again;
mod revision;
mod store;
mod watch;
mod work_folder;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
