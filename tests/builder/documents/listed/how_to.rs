use crate::documents::coverage::Coverage::{By, In, Not};
use crate::documents::coverage::{Listed, Scene};

/// The commands of `docs/src/how-to`, and of what it includes.
pub(super) const COMMANDS: &[Listed] = &[
    (
        "policy-builder image",
        Not("`cargo image` is short for it", "builder/documents/repository.rs"),
    ),
    (
        "policy-builder image --repo registry.example.com/policies --tag v1",
        Not("`cargo image` is short for it", "builder/documents/own_folder.rs"),
    ),
    (
        "policy-builder image --platform linux/amd64,linux/arm64 --oci-layout policy-engine",
        In(Scene::Platforms),
    ),
    (
        "policy-builder image --engine-features otlp",
        Not("it takes minutes", "engine/otlp.rs, with the feature"),
    ),
    ("policy-builder lock", Not("it asks crates.io", "builder/policies_lock.rs")),
    ("policy-builder lock --update", Not("it asks crates.io", "builder/policies_lock.rs")),
    (
        "policy-builder lock --update serde geo",
        Not("it asks crates.io", "builder/policies_lock.rs"),
    ),
    ("policy-builder vet", Not("its output is of another folder", "builder/vet")),
    (
        "policy-builder watch -- --listen 127.0.0.1:8181",
        Not("it serves until it is ended", "builder/watch.rs"),
    ),
    (
        "policy-engine serve --decision-log stdout",
        Not("it serves until it is ended", "engine/serve/decision_log.rs"),
    ),
    (
        "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum",
        By("builder/supply/mod.rs"),
    ),
];
