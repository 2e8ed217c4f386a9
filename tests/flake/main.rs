//! The Nix flake, evaluated and built with the real Nix.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of a test may panic as the test itself may"
)]

/// The helpers of all test binaries.
#[path = "../support/mod.rs"]
mod support;

/// What a change has built again.
mod cached;
/// The same discovery as the builder's.
mod discovery;
/// What evaluation says when it cannot build.
mod errors;
/// `nix build .#image`, and what is made of it.
mod image;
/// What the flake offers, on every system.
mod outputs;
/// A policies repository made from the template.
mod template;
