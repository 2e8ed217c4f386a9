use crate::documents::coverage::Coverage::{By, In, Not};
use crate::documents::coverage::{Listed, Scene};

/// The commands of `docs/src/how-to`, of the crates' own documents, and of what they include.
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
    (
        "cargo install --git https://github.com/policy-engine/policy-engine policy-builder",
        Not("it needs GitHub", "`.ci/run`, which packs what is installed"),
    ),
    (
        "cargo install policy-builder",
        Not("it needs a published version", "`.ci/run`, which packs what is installed"),
    ),
    (
        "sha256sum --check --ignore-missing SHA256SUMS",
        Not("it needs a release", "flake/action.rs, which checks one"),
    ),
    (
        "gh attestation verify policy-builder-x86_64-unknown-linux-musl.tar.gz --repo \
         policy-engine/policy-engine",
        Not("it needs a release on GitHub", "flake/action.rs, which has a program told so"),
    ),
    (
        "tar -xzf policy-builder-x86_64-unknown-linux-musl.tar.gz",
        Not("it needs a release", "flake/release.rs, which unpacks one"),
    ),
    (
        "policy-builder completions bash > \
         ~/.local/share/bash-completion/completions/policy-builder",
        Not("it writes into a home", "builder/terminal.rs"),
    ),
    (
        "policy-builder setup",
        Not("it is for a fresh clone", "builder/scaffold.rs, which sets one up"),
    ),
    ("cargo test", Not("it belongs to a policies folder", "documents/own_folder.rs")),
    (
        "policy-builder image --policies policies --platform linux/amd64 --output policy-engine.tar",
        Not("it takes minutes for a folder like another", "flake/action.rs, and builder/image.rs"),
    ),
    ("policy-engine version --format json", Not("it takes a program on the PATH", "engine/cli")),
    (
        "policy-builder inspect registry.example.com/policies:v1 --format json",
        Not("it needs a registry of that name", "builder/push"),
    ),
    (
        "policy-engine schema pod-security-restricted --settings > settings.schema.json",
        Not("it takes a program on the PATH", "engine/cli"),
    ),
    ("cargo update", Not("it needs crates.io to have moved", "none: it is Cargo's own")),
    (
        "cargo doc --package policy-api --open",
        Not("it opens a browser", "`.ci/run`, which makes the documentation"),
    ),
];
