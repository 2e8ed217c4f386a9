use crate::documents::coverage::Coverage::{In, Not};
use crate::documents::coverage::{Listed, Scene};

/// The commands of `README.md`.
pub(super) const COMMANDS: &[Listed] = &[
    ("nix build .#image && docker load < result", In(Scene::Nix)),
    (
        "docker run --rm -i policy-engine:latest eval pod-security-restricted < pod.yaml",
        In(Scene::Docker),
    ),
    ("cargo image", In(Scene::Repository)),
    ("docker load < policy-engine.tar", In(Scene::Docker)),
    ("cargo test --workspace", Not("it runs this test", "`.ci/run`, which takes it from there")),
    ("policy-builder new my-policies && cd my-policies", In(Scene::OwnFolder)),
    ("policy-builder add image-age", In(Scene::OwnFolder)),
    ("cargo test", In(Scene::OwnFolder)),
    ("policy-builder image --load", In(Scene::OwnFolder)),
    (
        "echo '{\"hour\": 11}' | docker run --rm -i policy-engine eval working-hours",
        In(Scene::OwnFolder),
    ),
    (
        "cargo image --policies ../my-policies/policies --repo registry.example.com/policies --tag v1",
        In(Scene::OwnFolder),
    ),
    (
        "policy-builder watch --policies ./my-policies/policies -- --listen 127.0.0.1:8181",
        Not("it serves until it is ended, after minutes of compiling", "builder/watch.rs"),
    ),
    (
        "rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl",
        Not("it changes the machine, and needs rustup's server", "tests/toolchain, in `.ci/run`"),
    ),
    (
        "cargo image --platform linux/amd64,linux/arm64 --oci-layout policy-engine",
        Not("it is short for a command of the how-to pages", "builder/documents/registry.rs"),
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
        "nix flake init --template github:policy-engine/policy-engine",
        Not("it needs GitHub", "flake/template.rs, which lays the template out from here"),
    ),
    (
        "git init && git add .",
        Not("it belongs to a new folder", "flake/errors.rs: files that Git does not track"),
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
    ("docker run --rm -p 8181:8181 policy-engine", In(Scene::Docker)),
    (
        "curl -s localhost:8181/v1/data/pod-security-baseline -d '{\"input\": {\n  \
         \"kind\": \"Pod\", \"spec\": {\"hostNetwork\": true}}}'",
        In(Scene::Docker),
    ),
];
