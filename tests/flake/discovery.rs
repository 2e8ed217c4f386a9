use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use crate::support::{Folder, builder, root};

/// Evaluates an expression over the flake's pure functions.
pub(super) fn evaluation(expression: &str) -> Command {
    let root = literal(root());
    let mut command = Command::new("nix");
    command.args(["eval", "--impure", "--json", "--expr"]).arg(format!(
        "let
           engine = {root};
           lib = import (engine + \"/tests/nix/stand-in/nixpkgs/lib\");
           locks = import (engine + \"/nix/discover/locks.nix\") {{ inherit lib; }};
           discover = import (engine + \"/nix/discover\") {{ inherit lib; }};
         in
         {expression}"
    ));
    command.current_dir(self::root());
    command
}

/// A path in an expression, which may have spaces in it.
pub(super) fn literal(path: &Path) -> String {
    format!("(/. + \"{}\")", path.display())
}

/// The crates that the flake's discovery finds in each folder; `null` for one that it refuses. A
/// mistake that it has no words for fails the whole evaluation.
pub(super) fn found_by_nix<'a>(folders: impl Iterator<Item = &'a Path>) -> Vec<Value> {
    let folders: Vec<_> = folders.map(literal).collect();
    let mut evaluation = evaluation(&format!(
        "map (folder:
           let
             listed = {{ inherit (discover folder) policies support; }};
             found = builtins.tryEval (builtins.deepSeq listed listed);
           in
           if found.success then found.value else null
         ) [ {} ]",
        folders.join(" ")
    ));
    serde_json::from_slice(&evaluation.assert().success().get_output().stdout).unwrap()
}

/// The crates that `policy-builder discover` finds; `null` for a folder that it refuses.
fn found_by_builder(folder: &Path) -> Value {
    let mut command = builder(root());
    command.args(["discover", "--format", "json", "--policies"]).arg(folder);
    let output = command.output().unwrap();
    match output.status.code() {
        Some(0) => serde_json::from_slice(&output.stdout).unwrap(),
        Some(1) => Value::Null,
        _ => panic!("{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr)),
    }
}

/// Checks that both discoveries find the same in each of these folders.
fn assert_same(folders: &[(&str, Folder)]) {
    let paths = policies_in(folders);
    let found = found_by_nix(paths.iter().map(AsRef::as_ref));
    for (((about, _), path), found) in folders.iter().zip(&paths).zip(found) {
        let expected = found_by_builder(path);
        assert!(expected.is_object(), "{about}, as the builder sees it");
        assert_eq!(found, expected, "{about}");
    }
}

/// Checks that the builder refuses each of these folders, and that evaluation leaves that to it or
/// has words of its own.
fn assert_refused(folders: &[(&str, Folder)]) {
    let paths = policies_in(folders);
    found_by_nix(paths.iter().map(AsRef::as_ref));
    for ((about, _), path) in folders.iter().zip(&paths) {
        assert!(found_by_builder(path).is_null(), "{about}");
    }
}

fn policies_in(folders: &[(&str, Folder)]) -> Vec<PathBuf> {
    folders.iter().map(|(_, folder)| folder.path().join("policies")).collect()
}

/// A manifest with this after the name and the version.
fn manifest(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n{rest}")
}

fn policy(name: &str, dependencies: &str) -> String {
    manifest(name, &format!("[dependencies]\npolicy-api = \"0.1\"\n{dependencies}"))
}

/// A folder with one good policy, and beside it a crate `it` with this manifest.
fn beside(manifest: &str) -> Folder {
    Folder::new()
        .policy("good")
        .file("policies/it/Cargo.toml", manifest)
        .file("policies/it/src/lib.rs", "")
}

/// A policies folder inside a workspace.
fn within(workspace: &str, manifest: &str) -> Folder {
    beside(manifest).file("Cargo.toml", workspace)
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn both_discoveries_agree_on_the_repositorys_folders() {
    let folders = ["policies", "tests/fixtures/house-rules"].map(|folder| root().join(folder));
    let found = found_by_nix(folders.iter().map(AsRef::as_ref));
    for (folder, found) in folders.iter().zip(found) {
        assert!(!found["policies"].as_array().unwrap().is_empty());
        assert_eq!(found, found_by_builder(folder), "{}", folder.display());
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn both_discoveries_agree_on_which_crates_are_policies() {
    let manifests = [
        "[dependencies]\npolicy-api = \"0.1\"\n",
        "[dependencies]\npolicy-api.path = \"../elsewhere\"\n",
        "[dependencies]\napi = { package = \"policy-api\", version = \"0.1\" }\n",
        "[dependencies.policy-api]\ngit = \"https://example.com\"\n",
        "[dependencies]\npolicy-api = { version = \"0.1\", optional = false }\n",
        "",
        "[target.'cfg(unix)'.dependencies]\npolicy-api = \"0.1\"\n",
        "[dependencies]\npolicy-api = { version = \"0.1\", optional = true }\n",
        "[dependencies]\npolicy-apis = \"0.1\"\n",
        "[dependencies]\npolicy-api = { package = \"other\", version = \"1\" }\n",
        "[dev-dependencies]\npolicy-api = \"0.1\"\n",
        "[package.metadata.policy-engine]\nrole = \"support\"\n[dependencies]\npolicy-api = \"0.1\"\n",
        "[build-dependencies]\npolicy-api = \"0.1\"\n",
        "[build_dependencies]\npolicy-api = \"9\"\n",
    ];
    assert_same(
        &manifests.map(|manifest_text| (manifest_text, beside(&manifest("it", manifest_text)))),
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn both_discoveries_find_the_same_crates() {
    let own = "[lib]\npath = \"main.rs\"\n[dependencies]\npolicy-api = \"0.1\"\n";
    let shared = "words.path = \"../words\"\n";
    assert_same(&[
            (
                "what is no crate is passed over",
                Folder::new()
                    .policy("b")
                    .policy("a")
                    .file("policies/.hidden/Cargo.toml", "not a manifest")
                    .file("policies/target/Cargo.toml", "not a manifest")
                    .file("policies/a/inner/Cargo.toml", "not a manifest")
                    .file("policies/docs/deep/src/lib.rs", "")
                    .file("policies/docs/.rs", "")
                    .file("policies/docs/notes.rs/README.md", "")
                    .file("policies/build.rs", ""),
            ),
            (
                "folders with names of other characters",
                Folder::new()
                    .file("policies/working hours/Cargo.toml", &policy("a", "b.path = \"../größe\"\n"))
                    .file("policies/working hours/src/lib.rs", "")
                    .file("policies/größe/Cargo.toml", &manifest("b", ""))
                    .file("policies/größe/src/lib.rs", ""),
            ),
            ("a library elsewhere", beside(&manifest("it", own)).file("policies/it/main.rs", "")),
            (
                "a crate that two share, in other words and for one target",
                Folder::new()
                    .policy_with("a", shared, "")
                    .policy_with("b", "[build-dependencies]\nw = { path = \"./../words/\", package = \"words\" }", "")
                    .policy_with("c", "[target.'cfg(windows)'.dependencies]\nwords.path = \"../../policies/words\"", "")
                    .library("words", "", ""),
            ),
            (
                "a name that is not the folder's, a pre-release, a build",
                beside("package = { name = \"A_1\", version = \"0.0.1-rc.1+x.007\" }\n"),
            ),
            (
                "policy-api replaced",
                beside(&policy("it", "[patch.crates-io]\npolicy-api.path = \"..\"\napi = { package = \"policy-api\", path = \"..\" }\n")),
            ),
            ("a crate that is a workspace", beside(&policy("it", "[workspace]\n"))),
            ("no version", beside("[package]\nname = \"it\"\n")),
            (
                "crates in a crate's folder, and in one that is none",
                Folder::new()
                    .policy_with("a", "i = { path = \"inner\", package = \"inner\" }", "")
                    .policy_with("a-b", "deep.path = \"../parts/deep\"", "")
                    .library("a/inner", "", "")
                    .file("policies/a/inner/Cargo.toml", &policy("inner", "most.path = \"most\"\n"))
                    .file("policies/a/inner/most/Cargo.toml", "[package]\nname = \"most\"\n")
                    .file("policies/a/unused/Cargo.toml", "[package]\nname = \"unused\"\n")
                    .file("policies/parts/deep/Cargo.toml", &manifest("deep", "[dependencies]\na-b.path = \"../../a/inner/most\"\na-b.package = \"most\"\n")),
            ),
            (
                "libraries that are one to Rust where one is no policy's",
                beside(&manifest("it", "[lib]\nname = \"good\"\n")),
            ),
            ("a support crate of a name that Rust has", beside(&manifest("gen", ""))),
            (
                "a library for Rust and for others",
                beside(&manifest("it", "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\npolicy-api = \"0.1\"\n")),
            ),
            ("names that look like keywords", beside(&policy("union", "")).policy("auto").policy("test")),
            (
                "a workspace that excludes it, and one around that",
                within("[workspace]\nmembers = [\"*\"]\n[workspace.package]\nversion = \"2.0.0\"\n", "[package]\nname = \"it\"\nversion.workspace = true\n")
                    .file("policies/Cargo.toml", "[workspace]\nexclude = [\"./it\"]\n[workspace.package]\nversion = \"3.0.0\"\n"),
            ),
            (
                "a member of a workspace that excludes what is around it",
                within("[workspace]\nmembers = [\"policies/it\"]\nexclude = [\"policies\"]\n[workspace.package]\nversion = \"2.0.0\"\n", "[package]\nname = \"it\"\nversion.workspace = true\n"),
            ),
            (
                "what a workspace that excludes it replaces",
                within("[workspace]\nexclude = [\"policies\"]\n[patch.crates-io]\nx.path = \"x\"\n", &policy("it", "")),
            ),
        ],
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn both_discoveries_inherit_from_workspaces() {
    let shared = "[workspace.package]\nversion = \"3.2.1\"\n[workspace.lints.rust]\nwarnings = \
                  \"deny\"\n[workspace.dependencies]\npolicy-api = { version = \"0.1\" }\nold = { \
                  version = \"9\", package = \"policy-api\" }\nwords = { path = \"policies/words\" }\n";
    let inheriting = |dependencies: &str| {
        format!(
            "[package]\nname = \"it\"\nversion.workspace = true\n[lints]\nworkspace = true\n\
             [dependencies]\n{dependencies}"
        )
    };
    let all = inheriting("words.workspace = true\npolicy-api = { workspace = true }\n");
    let named = all.replace("version.workspace", "workspace = \"../../other\"\nversion.workspace");
    assert_same(&[
        ("version, lints and dependencies", within(shared, &all).library("words", "", "")),
        (
            "made optional by the crate",
            within(shared, &inheriting("old = { workspace = true, optional = true }\n")),
        ),
        (
            "the nearest workspace",
            within("[workspace]\n", &all)
                .file("policies/Cargo.toml", &shared.replace("policies/words", "words"))
                .library("words", "", ""),
        ),
        (
            "not a manifest without a workspace",
            within(shared, &all)
                .file("policies/Cargo.toml", "[package]\nname = \"root\"\n")
                .library("words", "", ""),
        ),
        (
            "the workspace that it names",
            within("[workspace]\n", &named)
                .file("other/Cargo.toml", &shared.replace("policies/", "../policies/"))
                .library("words", "", ""),
        ),
    ]);
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn invalid_folders_are_refused_with_a_message() {
    let outside = |path: &str| {
        let dependency = format!("words.path = \"{path}\"\n");
        beside(&policy("it", &dependency)).file("words/Cargo.toml", &manifest("words", ""))
    };
    let circle = |third: &str| {
        Folder::new()
            .policy_with("a", "b.path = \"../b\"", "")
            .policy_with("b", "[build-dependencies]\nc.path = \"../c\"", "")
            .library("c", third, "")
    };
    assert_refused(&[
        ("nothing", Folder::new()),
        ("no policies", Folder::new().library("words", "", "")),
        ("Rust without a manifest", beside("").file("policies/new/main.rs", "")),
        (
            "a library without a manifest",
            Folder::new().policy("a").file("policies/new/src/lib.rs", ""),
        ),
        ("no package", beside("[dependencies]\n")),
        ("no table of a package", beside("package = \"it\"\n")),
        ("no name", beside("[package]\nversion = \"1.0.0\"\n")),
        ("a version that is no text", beside("[package]\nname = \"it\"\nversion = 1.0\n")),
        ("half a version", beside("[package]\nname = \"it\"\nversion = \"1.0\"\n")),
        ("a name with a space", beside(&manifest("i t", ""))),
        ("a name that is not ASCII", beside(&manifest("ít", ""))),
        ("a name that begins with a digit", beside(&manifest("3a", ""))),
        ("a name that begins with a hyphen", beside(&manifest("-a", ""))),
        ("no letters in the name", beside(&manifest("", ""))),
        ("one name twice", beside(&manifest("good", ""))),
        ("two names that are one to Rust", beside(&manifest("a-b", "")).library("a_b", "", "")),
        ("the engine's name", beside(&manifest("policy-engine", ""))),
        ("the program's name", beside(&manifest("policy-engine-program", ""))),
        ("the API's name", beside(&manifest("policy-api", ""))),
        ("another crate patched", beside(&policy("it", "[patch.crates-io]\nx.path = \"x\"\n"))),
        (
            "another crate replaced",
            beside(&policy("it", "[replace]\n\"x:1.0.0\" = { path = \"x\" }\n")),
        ),
        (
            "a crate patched by the workspace",
            within(
                "[workspace]\n[patch.'https://example.com']\nx.path = \"x\"\n",
                &policy("it", ""),
            ),
        ),
        (
            "a support crate with a patch",
            beside(&manifest(
                "it",
                "[patch.crates-io]\npolicy-api = { path = \"x\", package = \"x\" }\n",
            )),
        ),
        (
            "a role that there is not",
            beside(&manifest(
                "it",
                "[package.metadata.policy-engine]\nrole = \"helper\"\n\
                     [dependencies]\npolicy-api = \"0.1\"\n",
            )),
        ),
        ("no library", Folder::new().file("policies/it/Cargo.toml", &policy("it", ""))),
        (
            "no library where it should be",
            beside(&policy("it", "[lib]\npath = \"src/library.rs\"\n")),
        ),
        ("a crate outside", outside("../../words")),
        (
            "a crate outside, for a build script, as it was spelled once",
            beside(&manifest("it", "[build_dependencies]\nwords.path = \"../../words\"\n"))
                .file("words/Cargo.toml", &manifest("words", "")),
        ),
        ("no crate there", outside("../words")),
        ("a circle of three", circle("a.path = \"../a\"")),
        ("a circle of one", circle("c.path = \"../c\"")),
        ("no workspace", beside("[package]\nname = \"it\"\nversion.workspace = true\n")),
        (
            "a workspace without the version",
            within("[workspace]\n", "[package]\nname = \"it\"\nversion.workspace = true\n"),
        ),
        (
            "a workspace without the edition",
            within("[workspace.package]\n", &manifest("it", "edition.workspace = true\n")),
        ),
        (
            "a workspace without lints",
            within("[workspace]\n", &manifest("it", "[lints]\nworkspace = true\n")),
        ),
        (
            "a workspace without the dependency",
            within("[workspace.dependencies]\n", &policy("it", "x.workspace = true\n")),
        ),
        (
            "a workspace that is not there",
            within("[workspace]\n", &manifest("it", "workspace = \"../other\"\n")),
        ),
    ]);
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn unlinkable_crates_are_refused_with_a_message() {
    assert_refused(&[
        ("the engine's name, as Rust spells it", beside(&manifest("policy_engine", ""))),
        (
            "the engine's name, of a library",
            beside(&policy("it", "[lib]\nname = \"policy_engine\"\n")),
        ),
        ("a keyword", beside(&policy("gen", ""))),
        ("a path's beginning", beside(&policy("self", ""))),
        ("a crate of Rust's", beside(&policy("std", ""))),
        ("a library's name that is none", beside(&policy("it", "[lib]\nname = \"3a\"\n"))),
        ("two libraries of one name", beside(&policy("it", "[lib]\nname = \"good\"\n"))),
        ("a shared library alone", beside(&policy("it", "[lib]\ncrate-type = [\"cdylib\"]\n"))),
        ("a macro", beside(&policy("it", "[lib]\nproc_macro = true\n"))),
        (
            "a workspace that excludes it",
            within(
                "[workspace]\nexclude = [\"policies\"]\npackage.version = \"1.0.0\"\n",
                "[package]\nname = \"it\"\nversion.workspace = true\n",
            ),
        ),
        (
            "one name twice, deeper",
            Folder::new()
                .policy_with("a", "good.path = \"inner\"", "")
                .policy("good")
                .file("policies/a/inner/Cargo.toml", &manifest("good", "")),
        ),
        (
            "the folder of all is a crate that one depends on",
            beside(&policy("it", "top.path = \"..\"\n"))
                .file("policies/Cargo.toml", &manifest("top", "")),
        ),
    ]);
}
