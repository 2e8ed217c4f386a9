//! The Nix flake, evaluated and built with the real Nix.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of a test may panic as the test itself may"
)]

/// The helpers of all test binaries.
#[path = "../support/mod.rs"]
mod support;

/// The action that builds policies in another repository's workflow.
mod action;
/// The programs that `nix run` starts.
mod apps;
/// The derivations that a change rebuilds.
mod cached;
/// Discovery, compared with that of the builder.
mod discovery;
/// Policies that `policies.toml` names.
mod elsewhere;
/// Errors of evaluation.
mod errors;
/// `nix build .#image`, and its results.
mod image;
/// The outputs of the flake on every system.
mod outputs;
/// The steps of a release.
mod release;
/// The engine's code, compared with that of `cargo image`.
mod same_code;
/// A policies repository made from the template.
mod template;
/// Vetting, and what it stops.
mod vet;
/// Workflows for GitHub.
mod workflows;
