//! What `policy-builder vet` finds, and what it lets pass.

/// Lists of dependencies and known vulnerabilities: nothing is compiled.
mod dependencies;
/// What keeps the crates' code from being looked at.
mod manifests;
/// What the code does.
mod sins;
/// What the lists hold, against the standard library's own sources.
mod std_paths;
