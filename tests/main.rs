//! The product as users meet it: the real builder is run, and the real result is looked at.
//!
//! The image of this repository's own policies is built once, by `cargo image`, and most tests
//! look at that one. Third-party crates are compiled twice, as a copy of the repository has to give
//! the same bytes from scratch. What cannot be tried on a machine is printed as `SKIPPED: …`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic as the test itself may"
)]

/// What every test uses: the builder, folders of crates, what is in an image.
mod support;

/// An image that builds images, run by Docker.
mod builder_image;
/// The command line of the program in the image.
mod cli;
/// Docker, Podman and skopeo take the image.
mod containers;
/// What the builder says when it cannot build.
mod errors;
/// The Nix flake, built with the real Nix.
mod flake;
/// What is in the image, what it is called, and that it runs.
mod image;
/// Nothing is left behind by a builder that is told to end.
mod interruption;
/// One lock of several, and what cannot be in one program.
mod locks;
/// Spans for an OpenTelemetry collector.
mod otlp;
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
/// `serve`, as its clients and its operators meet it.
mod serve;
/// Bills of materials, provenance, and how images are judged by them.
mod supply;
/// How the builder prints: for people on a terminal and elsewhere, and for programs.
mod terminal;
/// Policies that do what they have no business with.
mod vet;
/// YAML, held to Kubernetes' own reader.
mod yaml;
