//! From a folder of policy crates to one static binary and an OCI image.
//!
//! - [`cli`] is the command line, a file a command.
//! - [`steps`] are the steps of a build, in their order; most commands stop at one of them.
//! - [`audit`] judges images: `inspect`, `diff` and `verify`.
//! - [`signatures`] signs images and what is attached to them, and checks that.
//! - [`watch`] builds and serves with each save.
//! - [`scaffold`] writes new policies folders and crates.
//! - [`builder_image`] packs this program, with a compiler, as an image.
//!
//! It never compiles or speaks to registries itself: `policy-cargo` runs Cargo, `policy-oci` makes
//! and pushes images, and `policy-host` is the machine.

mod artifacts;
mod audit;
mod builder_image;
mod cli;
mod container;
mod scaffold;
mod signatures;
mod steps;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
