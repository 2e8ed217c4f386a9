use std::collections::BTreeSet;

use crate::support::{Shown, root, shown_commands};

/// A group of commands that one test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    BuilderImage,
    Repository,
    Docker,
    OwnFolder,
    Platforms,
    Push,
    Nix,
}

/// The way in which a command is tested.
#[derive(Debug, Clone, Copy)]
enum Coverage {
    /// A test here runs it.
    In(Scene),
    /// Another test runs it, in the words of the document as well.
    By(&'static str),
    /// Not run, for this reason; the test that runs a similar command.
    Not(&'static str, &'static str),
}

use Coverage::{By, In, Not};

/// Every command of the documents, in the words that stand there.
const COMMANDS: [(&str, Coverage); 49] = [
    ("nix build .#image && docker load < result", In(Scene::Nix)),
    (
        "docker run --rm -i policy-engine:latest eval pod-security-restricted < pod.yaml",
        In(Scene::Docker),
    ),
    ("cargo image", In(Scene::Repository)),
    ("docker load < policy-engine.tar", In(Scene::Docker)),
    ("cargo test --workspace", Not("it runs this test", "`.ci/run`, which takes it from there")),
    ("policy-builder new my-policies", In(Scene::OwnFolder)),
    ("policy-builder add image-age --policies my-policies", In(Scene::OwnFolder)),
    ("cargo test --manifest-path my-policies/Cargo.toml", In(Scene::OwnFolder)),
    ("policy-builder image --policies my-policies", In(Scene::OwnFolder)),
    (
        "echo '{\"hour\": 11}' | docker run --rm -i policy-engine eval working-hours",
        In(Scene::OwnFolder),
    ),
    (
        "cargo image --policies ../my-policies --repo registry.example.com/policies --tag v1",
        In(Scene::OwnFolder),
    ),
    (
        "policy-builder watch --policies ./my-policies -- --listen 127.0.0.1:8181",
        Not("it serves until it is ended, after minutes of compiling", "builder/watch.rs"),
    ),
    (
        "rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl",
        Not("it changes the machine, and needs rustup's server", "tests/toolchain, in `.ci/run`"),
    ),
    (
        "cargo image --platform linux/amd64,linux/arm64 --oci-layout policy-engine",
        In(Scene::Platforms),
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
    (
        "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum",
        By("builder/supply/mod.rs"),
    ),
    (
        "POLICY_ENGINE_KUBECTL='kubectl --kubeconfig FILE' \\\n    \
         cargo test --package policy-tests --test engine api_server -- --ignored",
        Not("it needs an API server", "recorded reviews, in tests/engine/serve"),
    ),
    (
        "cargo test --package policy-tests -- --ignored --skip api_server",
        Not("it takes minutes", "itself, before a release"),
    ),
    (".ci/run", Not("it runs this test", "itself, for every change")),
    ("cargo benchmarks", Not("it takes 30 minutes", "`cargo benchmarks --quick` in `.ci/run`")),
    (
        "cargo benchmarks http start",
        Not("it takes minutes, and writes results", "`cargo benchmarks --quick` in `.ci/run`"),
    ),
    ("cargo benchmarks --quick", Not("it takes a minute", "`.ci/run`, after the tests")),
    ("cargo benchmarks counts", Not("it takes a minute", "`.ci/run`, after the tests")),
    ("cargo benchmarks durations", Not("it runs this test", "its unit tests read such output")),
    (
        "cargo benchmarks durations -- --test engine",
        Not("it takes minutes", "its unit tests read such output"),
    ),
    (
        "tests/fuzz/run 60",
        Not("it takes minutes", "`fuzzing.rs` of a crate: each corpus is accepted"),
    ),
    (
        "cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none request_head",
        Not("it runs until it is ended", "`fuzzing.rs` of a crate: each corpus is accepted"),
    ),
];

/// The list above has every documented command and no other.
#[test]
fn every_documented_command_is_run_or_has_a_reason_not_to_be() {
    let shown: BTreeSet<_> = shown_commands().into_iter().map(|shown| shown.command).collect();
    let listed: BTreeSet<_> = COMMANDS.iter().map(|(command, _)| (*command).to_owned()).collect();
    let new: Vec<_> = shown.difference(&listed).collect();
    assert!(new.is_empty(), "say in tests/builder/readme/listed.rs what runs {new:#?}");
    for (command, coverage) in COMMANDS {
        match coverage {
            By(file) => assert!(root().join("tests").join(file).is_file(), "{command}: {file}"),
            Not(reason, like) => assert!(!reason.is_empty() && !like.is_empty(), "{command}"),
            In(_) => {}
        }
    }
    let gone: Vec<_> = listed.difference(&shown).collect();
    assert!(gone.is_empty(), "no document shows any more what is listed: {gone:#?}");
}

/// The commands of a scene, as they are run.
pub(super) struct Script {
    left: Vec<String>,
}

impl Script {
    pub(super) fn new(scene: Scene) -> Self {
        let is_in = |shown: &Shown| {
            COMMANDS.iter().any(|(command, coverage)| {
                *command == shown.command && matches!(coverage, In(its) if *its == scene)
            })
        };
        let mut left = Vec::<String>::new();
        for shown in shown_commands().into_iter().filter(is_in) {
            // Some stand in several places.
            if !left.contains(&shown.command) {
                left.push(shown.command);
            }
        }
        Self { left }
    }

    /// The command that begins so, which is now run.
    pub(super) fn takes(&mut self, beginning: &str) -> String {
        let place = self.left.iter().position(|command| command.starts_with(beginning));
        let place = place.unwrap_or_else(|| panic!("no `{beginning}…` in {:#?}", self.left));
        self.left.remove(place)
    }

    /// Makes sure that all of them were.
    pub(super) fn ends(self) {
        assert!(self.left.is_empty(), "not run: {:#?}", self.left);
    }
}
