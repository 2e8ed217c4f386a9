use crate::documents::coverage::Coverage::{By, In, Not};
use crate::documents::coverage::{Listed, Scene};

/// The commands of `docs/src/how-to`, of the crates' own documents, and of what they include.
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
        "policy-builder image --compression zstd --oci-layout image",
        Not("it is packed there to be compared", "builder/compression.rs"),
    ),
    (
        "policy-builder push image registry.example.com/policies:v1",
        Not("there is no such registry", "builder/compression.rs"),
    ),
    (
        "policy-builder image --engine-features otlp",
        Not("it takes minutes", "engine/otlp.rs, with the feature"),
    ),
    (
        "policy-builder image --engine-features -console",
        Not("it takes minutes", "builder/features.rs, of a small engine"),
    ),
    (
        "policy-builder image --engine-features -tls",
        Not("it takes minutes", "builder/features.rs, of a small engine"),
    ),
    (
        "policy-builder run -- serve --console 127.0.0.1:8383 --set console.decisions=16MiB",
        Not("it serves until it is ended", "console"),
    ),
    (
        "policy-engine serve --config policies.yaml --console 127.0.0.1:8383",
        Not("it serves until it is ended", "console"),
    ),
    (
        "curl -s -H 'accept: application/json' 'http://127.0.0.1:8383/decisions?verdict=denied'",
        Not("it asks the server of another block", "console/pages.rs"),
    ),
    (
        "curl -s -H 'accept: application/json' --data-urlencode policy=working-hours \
         --data-urlencode 'input={\"hour\": 19}' http://127.0.0.1:8383/try",
        Not("it asks the server of another block", "engine/serve/console/trial.rs"),
    ),
    (
        "curl -s -H 'accept: application/json' --data-urlencode report@report.json \
         http://127.0.0.1:8383/replay",
        Not("it asks the server of another block", "console/pages.rs"),
    ),
    ("policy-builder lock", Not("it asks crates.io", "builder/policies_lock.rs")),
    ("policy-builder lock --update", Not("it asks crates.io", "builder/policies_lock.rs")),
    (
        "policy-builder lock --update serde geo",
        Not("it asks crates.io", "builder/policies_lock.rs"),
    ),
    (
        "policy-engine bench pod-security-restricted --set version=v1.30 pods/*.yaml",
        Not("it takes seconds", "engine/cli/bench.rs"),
    ),
    (
        "policy-engine bench pod-security-restricted pods/*.yaml --save before.json",
        Not("it takes seconds", "engine/cli/bench.rs"),
    ),
    (
        "policy-engine bench pod-security-restricted pods/*.yaml --compare before.json --threshold \
         10%",
        Not("it takes seconds", "engine/cli/bench.rs"),
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
        "policy-engine replay decisions.jsonl --config new.yaml",
        Not("it takes a log of the reader's", "engine/cli/replay.rs"),
    ),
    (
        "policy-engine replay decisions.jsonl --config new.yaml --against ./policy-engine-v2",
        Not("it takes a log of the reader's", "engine/cli/replay.rs"),
    ),
    (
        "policy-engine replay decisions.jsonl --config new.yaml --against registry.example.com/policies:v2",
        Not("it takes a log of the reader's", "engine/cli/replay.rs"),
    ),
    (
        "policy-engine replay decisions.jsonl --config new.yaml --against policy-engine.tar",
        Not("it takes a log of the reader's", "engine/cli/replay.rs"),
    ),
    (
        "policy-engine replay decisions.jsonl.gz --config new.yaml --verdicts-only --format junit > replay.xml",
        Not("it takes a log of the reader's", "engine/cli/replay.rs"),
    ),
    (
        "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum",
        By("builder/supply/mod.rs"),
    ),
    (
        "docker run --rm -i policy-engine:latest eval pod-security-baseline < pod.yaml",
        In(Scene::Docker),
    ),
    ("cargo image", In(Scene::Repository)),
    ("docker load < policy-engine.tar", In(Scene::Docker)),
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
    (
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        In(Scene::Sign),
    ),
    ("openssl pkey -in key.pem -pubout -out key.pub", In(Scene::Sign)),
    (
        "policy-builder push policy-engine.tar registry.example.com/policies:v1 --sign --key key.pem",
        In(Scene::Sign),
    ),
    ("policy-builder sign registry.example.com/policies:v1 --key key.pem", In(Scene::Sign)),
    ("policy-builder verify registry.example.com/policies:v1 --key key.pub", In(Scene::Sign)),
    (
        "cosign verify --key key.pub --insecure-ignore-tlog registry.example.com/policies:v1",
        Not("it needs cosign", "builder/push/signatures.rs, by npm's @sigstore/verify"),
    ),
    (
        "cosign verify-attestation --key key.pub --insecure-ignore-tlog --type cyclonedx \
         registry.example.com/policies@sha256:…",
        Not("it needs cosign", "builder/push/signatures.rs, by npm's @sigstore/verify"),
    ),
    (
        "cosign verify-attestation --key key.pub --insecure-ignore-tlog --type slsaprovenance1 \
         registry.example.com/policies@sha256:…",
        Not("it needs cosign", "builder/push/signatures.rs, by npm's @sigstore/verify"),
    ),
    (
        "cosign sign --yes \"registry.example.com/policies@$DIGEST\"",
        Not("it needs cosign and who you are", "none: it is cosign's own"),
    ),
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
        "policy-engine eval pod-security-restricted --recursive --format sarif manifests > policies.sarif",
        Not("it takes a program on the PATH", "engine/cli/formats.rs, by readers of each format"),
    ),
    (
        "policy-builder run -- test policies",
        Not("it compiles the engine once more", "engine/cli/suites.rs, on the image's program"),
    ),
    (
        "policy-engine test",
        Not(
            "it takes a program on the PATH",
            "engine/cli/suites.rs, whose suites are as this page's",
        ),
    ),
    (
        "docker run --rm -v \"$PWD:/suites:ro\" -w /suites policy-engine:latest test",
        Not(
            "the folder of a test is not the daemon's",
            "engine/cli/suites.rs, without a container",
        ),
    ),
    (
        "policy-engine test --init pod-security-baseline manifests",
        Not("it takes a program on the PATH", "engine/cli/suites.rs"),
    ),
    (
        "policy-engine test --format github --min-coverage 80",
        Not("it takes a program on the PATH", "engine/cli/suites.rs"),
    ),
    (
        "policy-engine eval pod-security-baseline --set version=v1.30 manifests/*.yaml",
        In(Scene::Repository),
    ),
    (
        "curl -s localhost:8181/v1/data/pod-security-baseline -d '{\"input\": {\n  \
         \"kind\": \"Pod\", \"spec\": {\"hostNetwork\": true}}}'",
        In(Scene::Docker),
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
