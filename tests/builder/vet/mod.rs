//! The findings of `policy-builder vet`, and the code it lets pass.

/// Forbidden capabilities of the code.
mod capabilities;
/// Lists of dependencies and known vulnerabilities: nothing is compiled.
mod dependencies;
/// Manifests that run code at build time or hide code from vetting.
mod manifests;
/// The forbidden paths, compared with the sources of the standard library.
mod std_paths;
