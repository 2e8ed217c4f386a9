use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::support::{Folder, SparseRegistry, sentence};

const LIBRARY: &str = "policy_api::register!(Anything);\n";

const GEO: &str = "[policies]\ngeo = { version = \"1\", registry = \"house\" }\n";

/// A registry with a policy and two crates.
fn house() -> SparseRegistry {
    let registry = SparseRegistry::start();
    for digits in ["digits 1.0.3", "digits 1.0.5"] {
        registry.publish(digits, &[], "");
    }
    registry.publish("words 0.1.0", &[], "");
    registry.publish("geo 1.2.0", &["policy-api 0.1", "digits 1", "words 0.1"], LIBRARY);
    registry
}

/// Publishes newer versions, as some months later.
fn publish_more(registry: &SparseRegistry) {
    for more in ["digits 1.0.9", "words 0.1.4"] {
        registry.publish(more, &[], "");
    }
    registry.publish("geo 1.3.0", &["policy-api 0.1", "digits 1", "words 0.1"], LIBRARY);
}

/// A policy of its own that asks for the same crates, and one from the registry.
fn folder(registry: &SparseRegistry) -> Folder {
    Folder::with_registry(&[("modest 1.0.0", ""), ("modest 1.1.0", "")])
        .with_house(registry)
        .engine("modest = \"1\"", &["modest 1.0.0"])
        .policy_with("mine", "digits = { version = \"1\", registry = \"house\" }", "")
        .file("policies/policies.toml", GEO)
}

fn lock(folder: &Folder, arguments: &[&str]) -> String {
    let lock = ["lock", "--engine", "source"];
    let done = folder.at_home(&[&lock, arguments].concat()).assert().success().stderr("");
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

fn locked(folder: &Folder) -> String {
    fs::read_to_string(folder.path().join("policies/policies.lock")).unwrap()
}

/// Lays the workspace out, and gives all of it.
fn generated(folder: &Folder, arguments: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    folder.generate().args(arguments).assert().success().stdout("workspace\n").stderr("");
    let mut files = folder.contents();
    files.retain(|file, _| file.starts_with("workspace"));
    files
}

fn said(folder: &Folder, arguments: &[&str]) -> String {
    let done = folder.generate().args(arguments).assert().success();
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let failed = folder.generate().args(arguments).assert().code(1).stdout("");
    sentence(&String::from_utf8(failed.get_output().stderr.clone()).unwrap())
}

#[test]
fn policies_lock_pins_versions_against_newer_releases() {
    let mut registry = house();
    let folder = folder(&registry);
    assert_eq!(lock(&folder, &[]), "`policies/policies.lock` is written: 8 packages\n");
    let before = locked(&folder);
    let geo = before
        .split("[[package]]\n")
        .find(|package| package.starts_with("name = \"geo\""))
        .unwrap();
    let source = format!(
        "name = \"geo\"\nversion = \"1.2.0\"\nsource = \"{}\"\nchecksum = \"",
        registry.index()
    );
    assert!(geo.starts_with(&source), "{geo}");
    assert!(
        geo.ends_with("dependencies = [\n \"digits\",\n \"policy-api\",\n \"words\",\n]\n\n"),
        "{geo}"
    );
    let first = generated(&folder, &["--locked"]);

    publish_more(&registry);
    for yanked in ["geo 1.2.0", "digits 1.0.5"] {
        registry.yank(yanked);
    }
    assert!(generated(&folder, &["--locked"]) == first, "another workspace");
    assert_eq!(lock(&folder, &[]), "`policies/policies.lock` is as it was: 8 packages\n");
    assert_eq!(locked(&folder), before);

    // Elsewhere, where Cargo has nothing yet.
    let other = self::folder(&registry).file("policies/policies.lock", &before);
    assert!(generated(&other, &["--locked"]) == first, "another workspace elsewhere");
    registry.stop();
    assert!(generated(&other, &["--locked"]) == first, "another workspace without the network");
}

/// Cargo has cached older versions, and must fetch the locked ones.
#[test]
fn policies_lock_outranks_cached_versions() {
    let registry = house();
    registry.publish("pair 1.0.0", &["digits 1"], "");
    let folder = || {
        let pair = "pair = { version = \"1\", registry = \"house\" }";
        let folder = Folder::with_registry(&[]).with_house(&registry);
        folder.engine("", &[]).policy_with("mine", pair, "")
    };
    let (first, other) = (folder(), folder());
    assert!(said(&other, &[]).contains("digits 1.0.5"));
    publish_more(&registry);
    lock(&first, &[]);
    let other = other.file("policies/policies.lock", &locked(&first));
    assert!(generated(&other, &["--locked"]) == generated(&first, &["--locked"]));
}

#[test]
fn update_moves_a_crate_to_its_newest_compatible_version() {
    let registry = house();
    let folder = folder(&registry).file(
        "policies/mine/Cargo.lock",
        &format!(
            "version = 4\n\n[[package]]\nname = \"digits\"\nversion = \"1.0.3\"\nsource = \"{}\"\n",
            registry.index()
        ),
    );
    lock(&folder, &[]);
    // A policy's own pin is kept.
    assert!(locked(&folder).contains("name = \"digits\"\nversion = \"1.0.3\"\n"));
    publish_more(&registry);
    assert_eq!(
        lock(&folder, &["--update", "digits"]),
        "moved digits 1.0.3 -> 1.0.9\n`policies/policies.lock` is written: 8 packages\n"
    );
    assert_eq!(
        lock(&folder, &["--update"]),
        "moved geo 1.2.0 -> 1.3.0\nmoved words 0.1.0 -> 0.1.4\n\
         `policies/policies.lock` is written: 8 packages\n"
    );
    let before = folder.contents();
    let refused =
        folder.at_home(&["lock", "--engine", "source", "--update", "digit"]).assert().code(1);
    let refused = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(refused.starts_with("error: there is no package `digit` to update: "), "{refused}");
    let lock = PathBuf::from("policies/policies.lock");
    assert_eq!(folder.contents()[&lock], before[&lock]);
}

#[test]
fn stale_lock_is_reported_and_refused_with_locked() {
    let registry = house();
    let folder = folder(&registry);
    lock(&folder, &[]);
    registry.publish("geo 2.0.0", &["policy-api 0.1"], LIBRARY);
    let folder = folder.file("policies/policies.toml", &GEO.replace("\"1\"", "\"2\""));
    let before = locked(&folder);
    let stale = "moved geo 1.2.0 -> 2.0.0, removed words 0.1.0";
    assert_eq!(
        said(&folder, &[]),
        format!(
            "note: `policies/policies.lock` is stale ({stale}): what it lacks was chosen now; \
             `policy-builder lock` writes it anew\n"
        )
    );
    let error = format!(
        "`policies/policies.lock` is stale, and this build is locked; changes to what policies and \
         engine ask for now: {stale}\nhelp: write it anew with `policy-builder lock`, or build \
         without it with `--locked=false`"
    );
    assert_eq!(refused(&folder, &["--locked"]), error);
    let in_ci = |arguments: &[&str]| {
        let mut command = folder.generate();
        command.env("CI", "true").args(arguments);
        command
    };
    let failed = in_ci(&[]).assert().code(1);
    assert_eq!(sentence(&String::from_utf8_lossy(&failed.get_output().stderr)), error);
    in_ci(&["--locked=false"]).assert().success();
    assert_eq!(locked(&folder), before);
    let told =
        format!("{}\n`policies/policies.lock` is written: 7 packages\n", stale.replace(", ", "\n"));
    assert_eq!(lock(&folder, &[]), told);
    in_ci(&[]).assert().success().stderr("");
}

#[test]
fn changes_of_engine_or_local_crates_make_the_lock_stale() {
    let registry = house();
    let folder = folder(&registry);
    lock(&folder, &[]);
    let folder = folder.engine("modest = \"1\"", &["modest 1.1.0"]);
    let stale = |folder: &Folder| {
        let refused = refused(folder, &["--locked"]);
        let (_, differing) = refused.split_once("ask for now: ").unwrap();
        differing.split_once('\n').unwrap().0.to_owned()
    };
    assert_eq!(stale(&folder), "moved modest 1.0.0 -> 1.1.0");
    assert_eq!(
        lock(&folder, &[]),
        "moved modest 1.0.0 -> 1.1.0\n`policies/policies.lock` is written: 8 packages\n"
    );
    let folder = folder.policy("another");
    assert_eq!(stale(&folder), "added another 1.0.0");
    fs::remove_dir_all(folder.path().join("policies/another")).unwrap();
    let folder = folder.policy_with("mine", "", "");
    // `geo` has it still.
    generated(&folder, &["--locked"]);
}

#[test]
fn missing_lock_is_reported_and_refused_with_locked() {
    let registry = house();
    let folder = folder(&registry);
    assert_eq!(
        refused(&folder, &["--locked"]),
        "there is no `policies/policies.lock`, and `--locked` requires it\nhelp: run \
         `policy-builder lock`"
    );
    let unpinned = "no lock pins digits 1.0.5, geo 1.2.0, words 0.1.0: took versions that fit, those \
                    at hand first; `policy-builder lock` pins the newest in \
                    `policies/policies.lock`\n";
    assert_eq!(said(&folder, &[]), format!("note: {unpinned}"));
    let warned = folder.generate().env("CI", "1").assert().success();
    let warned = String::from_utf8(warned.get_output().stderr.clone()).unwrap();
    assert_eq!(warned, format!("warning: in CI without a lock: {unpinned}"));
    let broken = folder.file("policies/policies.lock", "<<<<<<< HEAD\n");
    assert_eq!(
        refused(&broken, &[]),
        "`policies/policies.lock` is not a lock file that Cargo wrote: key with no value, expected \
         `=`"
    );
}

#[test]
fn incompatible_policies_are_named_with_their_requirements() {
    let registry = house();
    registry.publish("quota 0.3.0", &["policy-api 0.1", "digits =1.0.3"], LIBRARY);
    let folder = Folder::with_registry(&[])
        .with_house(&registry)
        .engine("", &[])
        .policy_with("mine", "digits = { version = \"=1.0.5\", registry = \"house\" }", "")
        .file("policies/policies.toml", &GEO.replace("geo", "quota").replace("\"1\"", "\"0.3\""));
    let clash = "policy crate `mine` 1.0.0 asks for `digits` `=1.0.5`, and policy crate `quota` \
                 0.3.0 for `=1.0.3`: no version meets both, and a program has one version of each \
                 compatible range\nhelp: have both ask for what one version meets";
    assert_eq!(refused(&folder, &[]), clash);
    let failed = folder.at_home(&["lock", "--engine", "source"]).assert().code(1).stdout("");
    assert_eq!(sentence(&String::from_utf8_lossy(&failed.get_output().stderr)), clash);
    assert!(!folder.path().join("policies/policies.lock").exists());

    registry.publish("rigid 1.0.0", &["policy-api 0.1", "crates.io:modest =1.1.0"], LIBRARY);
    let folder =
        self::folder(&registry).file("policies/policies.toml", &GEO.replace("geo", "rigid"));
    assert_eq!(
        refused(&folder, &[]),
        "policy crate `rigid` asks for `modest` `=1.1.0`, but the engine is linked with 1.0.0, and \
         a program has one version of each compatible range\nhelp: have `rigid` ask for what 1.0.0 \
         meets, or build with an engine that has another"
    );
}

/// The engine's own lock pins what its features take.
#[test]
fn lock_covers_every_selection_of_engine_features() {
    let folder = Folder::with_registry(&[("modest 1.0.0", ""), ("modest 1.1.0", "")])
        .engine(
            "modest = { version = \"1\", optional = true }\n[features]\nmore = [\"dep:modest\"]",
            &["modest 1.0.0"],
        )
        .policy("mine");
    let more = ["--engine-features", "more"];
    assert_eq!(lock(&folder, &[]), "`policies/policies.lock` is written: 4 packages\n");
    generated(&folder, &["--locked", more[0], more[1]]);
    assert_eq!(
        lock(&folder, &more),
        "added modest 1.0.0\n`policies/policies.lock` is written: 5 packages\n"
    );
    generated(&folder, &["--locked"]);
}
