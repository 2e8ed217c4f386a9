//! `policy-builder`, run as users run it, and the images that it makes.
//!
//! The image of this repository's own policies is built once, by `cargo image`, and most tests
//! look at that one. Third-party crates are compiled twice, as a copy of the repository has to give
//! the same bytes from scratch.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic as the test itself may"
)]

/// The helpers of all test binaries.
#[path = "../support/mod.rs"]
mod support;

/// An image that builds images, run by Docker.
mod builder_image;
/// No configuration of Cargo's changes a program.
mod cargo_configuration;
/// Docker, Podman and skopeo take the image.
mod containers;
/// What crates may be like.
mod crates;
/// What the builder says when it cannot build.
mod errors;
/// What is in the image, what it is called, and that it runs.
mod image;
/// Nothing is left behind by a builder that is told to end.
mod interruption;
/// One lock of several, and what cannot be in one program.
mod locks;
/// A folder of policies that has nothing to do with this repository.
mod outside;
/// One image for several platforms.
mod platforms;
/// `policies.lock`: written, followed, stale.
mod policies_lock;
/// Programs that another tool compiled, and images that another one packed.
mod prebuilt;
/// Images on their way to a registry.
mod push;
/// The commands that the documents show.
mod readme;
/// Policies from registries, Git repositories and folders elsewhere.
mod remote;
/// The same sources give the same bytes, wherever they lie.
mod reproducible;
/// `new` and `add`, and what they write.
mod scaffold;
/// Bills of materials, provenance, and how images are judged by them.
mod supply;
/// How the builder prints: for people on a terminal and elsewhere, and for programs.
mod terminal;
/// Policies that do what they have no business with.
mod vet;
/// `policy-builder watch`: one engine follows the other.
mod watch;
