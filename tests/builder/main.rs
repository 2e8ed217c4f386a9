//! `policy-builder`, run as users run it, and the images that it makes.
//!
//! The image of this repository's own policies is built once, by `cargo image`, and most tests
//! look at that one. What else is built with the real engine shares its work folder, where all but
//! the policies is compiled already.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic as the test itself may"
)]

/// The helpers of all test binaries.
#[path = "../support/mod.rs"]
mod support;

/// What the program says that it is linked with.
mod auditable;
/// Logs of what another tool compiled, by which its program is packed.
mod build_log;
/// An image that builds images, run by Docker.
mod builder_image;
/// Configurations of Cargo, which do not change the program.
mod cargo_configuration;
/// The compression of the image's layers.
mod compression;
/// The image in Docker, Podman and skopeo.
mod containers;
/// Crates of all permitted kinds.
mod crates;
/// The documented commands.
mod documents;
/// Errors of the builder.
mod errors;
/// The engine's optional parts.
mod features;
/// What policies may do at run time.
mod grants;
/// The contents of the image, its name, and its program.
mod image;
/// Imports, none of which goes in a circle.
mod imports;
/// Interruption of the builder by signals.
mod interruption;
/// The merged lock, and incompatible crates.
mod locks;
/// A policies folder outside this repository.
mod outside;
/// Images for several platforms.
mod platforms;
/// `policies.lock`: written, followed, stale.
mod policies_lock;
/// Programs that another tool compiled, and images that another one packed.
mod prebuilt;
/// Pushing images to a registry.
mod push;
/// Policies from registries, Git repositories and folders elsewhere.
mod remote;
/// The same bytes from another folder, where there is no Nix to prove it.
mod reproducible;
/// `new` and `add`, and their files.
mod scaffold;
/// The builder without a checkout: embedded sources, `setup`, `run`, `image --load`.
mod standalone;
/// Bills of materials, provenance, and the checks of images by them.
mod supply;
/// Output for people on a terminal and elsewhere, and for programs.
mod terminal;
/// Policies with forbidden capabilities.
mod vet;
/// What is told of known vulnerabilities.
mod vex;
/// `policy-builder watch`: each engine replaces the last one.
mod watch;
