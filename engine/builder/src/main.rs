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
//! compiler, as an image.

mod artifacts;
mod audit;
mod builder_image;
mod cli;
mod container;
mod scaffold;
mod steps;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
