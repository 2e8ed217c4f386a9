use crate::documents::coverage::Coverage::{In, Not};
use crate::documents::coverage::{Listed, Scene};

/// The commands of `README.md`.
pub(super) const COMMANDS: &[Listed] = &[
    (
        "cargo install --git https://github.com/policy-engine/policy-engine policy-builder",
        Not("it needs GitHub", "`.ci/run`, which packs what is installed"),
    ),
    ("policy-builder new my-policies && cd my-policies", In(Scene::OwnFolder)),
    ("cargo test", In(Scene::OwnFolder)),
    ("policy-builder image --load", In(Scene::OwnFolder)),
    (
        "echo '{\"hour\": 19}' | docker run --rm -i policy-engine eval working-hours",
        In(Scene::OwnFolder),
    ),
    (
        "mkdir my-policies && cd my-policies",
        Not("it belongs to the command below", "flake/template.rs, in a folder of its own"),
    ),
    (
        "nix flake init --template github:policy-engine/policy-engine",
        Not("it needs GitHub", "flake/template.rs, which lays the template out from here"),
    ),
    (
        "git init && git add .",
        Not("it belongs to a new folder", "flake/errors.rs: files that Git does not track"),
    ),
    ("nix build .#image && docker load < result", In(Scene::Nix)),
    ("docker run --rm -p 8181:8181 policy-engine", In(Scene::Docker)),
    (
        "curl -s localhost:8181/v1/data/working-hours -d '{\"input\": {\"hour\": 19}}'",
        In(Scene::OwnFolder),
    ),
    ("cargo test --workspace", Not("it runs this test", "`.ci/run`, which takes it from there")),
];
