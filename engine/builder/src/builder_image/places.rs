//! Paths inside the image.

pub(super) const PROGRAM: &str = "/opt/policy-builder/bin/policy-builder";
/// The engine's sources, for `POLICY_ENGINE_SOURCE`.
pub(super) const SOURCE: &str = "/opt/policy-builder/source";
/// The workspaces around the policies folders that it was made with.
pub(super) const WORKSPACES: &str = "/opt/policy-builder/workspaces";
pub(super) const CARGO_HOME: &str = "/opt/policy-builder/cargo";
/// A toolchain that has a folder to itself.
pub(super) const RUST: &str = "/opt/rust";
/// The folder that anyone may write to, and that keeps the cache between builds.
pub(super) const WORK: &str = "/cache";
