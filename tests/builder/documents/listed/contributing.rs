use crate::documents::coverage::Coverage::Not;
use crate::documents::coverage::Listed;

/// The commands of `CONTRIBUTING.md`, and of what it refers to.
pub(super) const COMMANDS: &[Listed] = &[
    (
        "POLICY_ENGINE_KUBECTL='kubectl --kubeconfig FILE' \\\n    \
         cargo test --package policy-tests --test engine api_server -- --ignored",
        Not("it needs an API server", "recorded reviews, in tests/engine/serve"),
    ),
    (
        "cargo test --package policy-tests -- --ignored --skip api_server",
        Not("it takes minutes", "itself, before a release"),
    ),
    (
        "REFERENCE=overwrite cargo test --package policy-tests --test builder reference",
        Not("it writes into the repository", "itself, without the variable"),
    ),
    (".ci/book", Not("it installs mdBook, from PyPI", "`.ci/run`, before the tests")),
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
    (
        "cargo run --package policy-console --example gallery",
        Not("it writes pages to look at", "its samples are those of the crate's own tests"),
    ),
    (
        "python3 -m http.server --directory target/console-gallery",
        Not("it runs until it is ended", "the pages are opened in a browser by `tests/console`"),
    ),
];
