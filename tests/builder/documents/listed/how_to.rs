use crate::documents::coverage::Coverage::{By, In, Not};
use crate::documents::coverage::{Listed, Scene};

/// The commands of `docs/src/how-to`, and of what it includes.
pub(super) const COMMANDS: &[Listed] = &[
    (
        "policy-builder image",
        Not("`cargo image` is short for it", "builder/documents/repository.rs"),
    ),
    ("policy-builder image --repo registry.example.com/policies --tag v1", In(Scene::OwnFolder)),
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
        "docker run --rm -i policy-engine:latest eval pod-security-restricted < pod.yaml",
        In(Scene::Docker),
    ),
    ("cargo image", In(Scene::Repository)),
    ("docker load < policy-engine.tar", In(Scene::Docker)),
    ("policy-builder add image-age", In(Scene::OwnFolder)),
    (
        "policy-builder watch --policies ./my-policies/policies -- --listen 127.0.0.1:8181",
        Not("it serves until it is ended, after minutes of compiling", "builder/watch.rs"),
    ),
    (
        "rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl",
        Not("it changes the machine, and needs rustup's server", "tests/toolchain, in `.ci/run`"),
    ),
    (
        "skopeo copy --all oci:policy-engine:latest docker://registry.example.com/policies:v1",
        In(Scene::Platforms),
    ),
    ("policy-builder inspect policy-engine.tar", In(Scene::Repository)),
    ("policy-builder inspect policy-engine.tar --sbom", In(Scene::Repository)),
    ("policy-builder diff old.tar policy-engine.tar", In(Scene::Repository)),
    ("policy-builder verify policy-engine.tar --policies ./policies", In(Scene::Repository)),
    ("policy-builder push policy-engine.tar registry.example.com/policies:v1", In(Scene::Push)),
    ("cargo run --package policy-builder -- builder-image", In(Scene::BuilderImage)),
    ("docker load < policy-builder.tar", In(Scene::BuilderImage)),
    ("mkdir -p out", In(Scene::BuilderImage)),
    (
        "docker run --rm --network none --user \"$(id -u):$(id -g)\" \\\n  \
         -v \"$PWD/policies:/policies\" -v \"$PWD/out:/out\" policy-builder",
        In(Scene::BuilderImage),
    ),
    ("nix run . -- list", In(Scene::Nix)),
    ("nix run .#watch", Not("it serves until it is ended", "builder/watch.rs, and flake/apps.rs")),
    (
        "nix run .#push -- registry.example.com/policies:v1",
        Not("it needs a registry", "builder/push; flake/image.rs builds what it pushes"),
    ),
    (
        "nix build .#image --override-input policies \"path:$PWD/my-policies\"",
        Not(
            "it takes minutes for a folder like another",
            "flake/image.rs: a folder from elsewhere",
        ),
    ),
    (
        "nix flake check",
        Not("it takes minutes", "flake/image.rs, which builds its checks one by one"),
    ),
    (
        "nix build .#engine-artifacts .#builder --no-link --print-out-paths | cachix push our-cache",
        Not("it needs somebody's cache", "checks.cached: two folders share both"),
    ),
    (
        "nix copy .#engine-artifacts .#builder --to s3://our-cache",
        Not("it needs somebody's store", "checks.cached: two folders share both"),
    ),
    (
        "nix build .#image --builders 'ssh://big-machine x86_64-linux' --max-jobs 0",
        Not("it needs another machine", "flake/image.rs, which builds that on this one"),
    ),
    (
        "policy-engine eval pod-security-restricted --set version=v1.30 manifests/*.yaml",
        In(Scene::Repository),
    ),
    (
        "curl -s localhost:8181/v1/data/pod-security-baseline -d '{\"input\": {\n  \
         \"kind\": \"Pod\", \"spec\": {\"hostNetwork\": true}}}'",
        In(Scene::Docker),
    ),
];
