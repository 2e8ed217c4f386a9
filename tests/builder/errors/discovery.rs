use crate::support::Folder;

/// A folder with one good policy and one file more.
fn with(path: &str, text: &str) -> Folder {
    Folder::new().policy("good").file(path, text)
}

#[test]
fn missing_policies_are_reported() {
    assert_eq!(
        Folder::new().refused(&["--policies", "rules"]),
        "there is no policies folder `rules`\nhelp: name yours with `--policies`"
    );
    let expected = "no policies in `policies`: expected subfolders with a `Cargo.toml` that \
                    depends on `policy-api`";
    let remedy = "\nhelp: start one with `policy-builder add NAME`, or name another folder with \
                  `--policies`";
    assert_eq!(Folder::new().refused(&[]), format!("{expected}{remedy}"));
    assert_eq!(
        Folder::new().library("words", "", "").library("numbers", "", "").refused(&[]),
        format!("{expected}; the crates there (numbers, words) are support crates{remedy}")
    );
    assert_eq!(
        Folder::new().file("ours/policies/good/Cargo.toml", "").refused(&["--policies", "ours"]),
        "no policies in `ours`: expected subfolders with a `Cargo.toml` that depends on \
         `policy-api`\nhelp: name the folder in it: `--policies ours/policies`"
    );
}

#[test]
fn folder_with_rust_files_without_manifest_is_refused() {
    assert_eq!(
        with("policies/forgotten/src/lib.rs", "").refused(&[]),
        "`policies/forgotten` holds Rust files (`policies/forgotten/src/lib.rs`) but no \
         `Cargo.toml`\nhelp: add one, or move the folder away"
    );
}

#[test]
fn malformed_manifest_is_named() {
    assert_eq!(
        with("policies/bad/Cargo.toml", "[package]\nname = \"bad\nversion = 1\n").refused(&[]),
        "`policies/bad/Cargo.toml` is not TOML: invalid basic string, expected `\"`, at line 2, \
         column 12"
    );
}

#[test]
fn manifest_without_name_or_version_is_refused() {
    assert_eq!(
        with("policies/bad/Cargo.toml", "[dependencies]\n").refused(&[]),
        "`policies/bad/Cargo.toml` has no `[package]`: expected a crate's manifest, with a name \
         and a version"
    );
    assert_eq!(
        with("policies/bad/Cargo.toml", "[package]\nname = \"bad\"\nversion = 1.0\n").refused(&[]),
        "`policies/bad/Cargo.toml` has no `version` in its `[package]`\nhelp: add one, as text"
    );
    assert_eq!(
        with("policies/bad/Cargo.toml", "[package]\nversion = \"1.0.0\"\n").refused(&[]),
        "`policies/bad/Cargo.toml` has no `name` in its `[package]`\nhelp: add one, as text"
    );
    assert_eq!(
        with("policies/bad/Cargo.toml", "[package]\nname = \"bad\"\nversion = \"1.x\"\n")
            .refused(&[]),
        "`policies/bad/Cargo.toml` has the version `1.x`, which is not a semantic version such as \
         `1.2.0`: unexpected character 'x' while parsing minor version number"
    );
    assert_eq!(
        with("policies/bad/Cargo.toml", "[package]\nname = \"bad\"\nversion.workspace = true\n")
            .refused(&[]),
        "`policies/bad/Cargo.toml` inherits `package.version` from its workspace, and is in no \
         workspace\nhelp: write it out, or add the workspace's `Cargo.toml`"
    );
    assert_eq!(
        beside(&policy("it", "[package.metadata.policy-engine]\nrole = \"helper\"\n")).refused(&[]),
        "`policies/it/Cargo.toml` has the `role` \"helper\" in its \
         `[package.metadata.policy-engine]`: expected \"support\", for a crate that depends on \
         `policy-api` and registers nothing"
    );
}

#[test]
fn duplicate_crate_name_is_refused() {
    let manifest = "[package]\nname = \"good\"\nversion = \"2.0.0\"\n";
    assert_eq!(
        with("policies/better/Cargo.toml", manifest).refused(&[]),
        "two crates are named `good`: `policies/better/Cargo.toml` and \
         `policies/good/Cargo.toml`\nhelp: rename one of them"
    );
    let manifest = "[package]\nname = \"policy-engine\"\nversion = \"2.0.0\"\n";
    assert_eq!(
        with("policies/mine/Cargo.toml", manifest).refused(&[]),
        "`policies/mine/Cargo.toml` is named `policy-engine`, which is the engine's own\nhelp: \
         choose another name"
    );
}

/// A policy with this before its dependencies.
fn policy(name: &str, before: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n{before}[dependencies]\npolicy-api = \
         \"0.1\"\n"
    )
}

fn beside(manifest: &str) -> Folder {
    with("policies/it/Cargo.toml", manifest).file("policies/it/src/lib.rs", "")
}

#[test]
fn unusable_library_name_is_refused() {
    let unspeakable = |package: &str, library: &str, before: &str| {
        assert_eq!(
            beside(&policy(package, before)).refused(&[]),
            format!(
                "policy crate `{package}` has a library of the name `{library}`, which Rust does \
                 not take for a crate's in a path, so the program cannot refer to it\nhelp: rename \
                 the package, or set another `name` in the `[lib]` of `policies/it/Cargo.toml`"
            )
        );
    };
    for name in ["std", "core", "alloc", "self", "super", "crate", "mut", "gen", "try", "_"] {
        unspeakable(name, name, "");
    }
    unspeakable("proc-macro", "proc_macro", "");
    unspeakable("fine", "Self", "[lib]\nname = \"Self\"\n");
    unspeakable("fine", "3a", "[lib]\nname = \"3a\"\n");
    let taken = |name: &str, manifest: &str| {
        assert_eq!(
            beside(manifest).refused(&[]),
            format!(
                "`policies/it/Cargo.toml` is named `{name}`, which is the engine's own\nhelp: \
                 choose another name"
            )
        );
    };
    for name in ["policy_engine", "policy-engine", "policy_api", "policy_engine_program"] {
        taken(name, &policy(name, ""));
    }
    taken("policy_engine", &policy("fine", "[lib]\nname = \"policy_engine\"\n"));
}

#[test]
fn duplicate_library_name_is_refused() {
    assert_eq!(
        beside(&policy("better", "[lib]\nname = \"good\"\n")).refused(&[]),
        "two policy crates have a library of the name `good`: `policies/good/Cargo.toml` and \
         `policies/it/Cargo.toml`\nhelp: set another `name` in the `[lib]` of one of them"
    );
}

#[test]
fn library_of_unlinkable_crate_type_is_refused() {
    let refused = |library: &str| {
        let library = format!("[lib]\n{library}\n");
        beside(&policy("it", &library)).refused(&[])
    };
    for (library, types) in [
        ("crate-type = [\"cdylib\"]", "`cdylib`"),
        ("crate_type = [\"staticlib\", \"cdylib\"]", "`staticlib` and `cdylib`"),
        ("crate-type = [\"dylib\"]", "`dylib`"),
    ] {
        assert_eq!(
            refused(library),
            format!(
                "policy crate `it` is compiled as {types} alone, which no Rust program can be \
                 linked with\nhelp: add `\"lib\"` to the `crate-type` in the `[lib]` of \
                 `policies/it/Cargo.toml`"
            )
        );
    }
    for library in ["proc-macro = true", "proc_macro = true", "crate-type = [\"proc-macro\"]"] {
        assert_eq!(
            refused(library),
            "policy crate `it` is a procedural macro, which runs in the compiler and not in a \
             program\nhelp: remove `proc-macro` from the `[lib]` of `policies/it/Cargo.toml`, or \
             move the policy into a crate of its own"
        );
    }
}

#[test]
fn crate_excluded_by_its_workspace_is_refused() {
    let folder = beside("[package]\nname = \"it\"\nversion.workspace = true\n")
        .file("Cargo.toml", "[workspace]\nexclude = [\"policies\"]\npackage.version = \"1.0.0\"\n");
    let workspace = folder.path().canonicalize().unwrap().join("Cargo.toml");
    assert_eq!(
        folder.refused(&[]),
        format!(
            "`policies/it/Cargo.toml` inherits `package.version` from its workspace, and `{}` \
             excludes it\nhelp: write it out, or list it in the `members` there",
            workspace.display()
        )
    );
}

#[test]
fn missing_named_workspace_is_refused() {
    let manifest = "[package]\nname = \"bad\"\nversion = \"1.0.0\"\nworkspace = \"../other\"\n";
    assert_eq!(
        with("policies/bad/Cargo.toml", manifest).refused(&[]),
        "`policies/bad/Cargo.toml` names the workspace `../other`, and \
         `policies/bad/../other/Cargo.toml` is not there\nhelp: correct it"
    );
}

#[test]
fn dependency_cycle_is_refused() {
    let folder = Folder::new()
        .policy_with("a", "b = { path = \"../b\" }", "")
        .policy_with("b", "c = { path = \"../c\" }", "")
        .policy_with("c", "a = { path = \"../a\" }", "");
    assert_eq!(
        folder.refused(&[]),
        "the crates `a` → `b` → `c` → `a` depend on one another in a circle\nhelp: remove one of \
         these dependencies"
    );
}

#[test]
fn policy_for_another_api_version_is_refused() {
    let folder = Folder::new().library("veteran", "policy-api = \"9\"", "");
    assert_eq!(
        folder.refused(&[]),
        "policy crate `veteran` asks for policy-api `9` in `policies/veteran/Cargo.toml`, and this \
         engine has 0.1.0\nhelp: change the requirement, or build with an engine that has it"
    );
}

#[test]
fn policy_without_library_is_refused() {
    let manifest =
        "[package]\nname = \"bad\"\nversion = \"1.0.0\"\n[dependencies]\npolicy-api = \"0.1\"\n";
    assert_eq!(
        with("policies/bad/Cargo.toml", manifest).refused(&[]),
        "`policies/bad/Cargo.toml` depends on `policy-api` but has no library: expected \
         `policies/bad/src/lib.rs`, with `policy_api::register!` in it"
    );
}

#[test]
fn dependency_outside_the_policies_folder_is_refused() {
    let folder = Folder::new()
        .policy_with("bad", "words = { path = \"../../words\" }", "")
        .file("words/Cargo.toml", "[package]\nname = \"words\"\nversion = \"1.0.0\"\n");
    assert_eq!(
        folder.refused(&[]),
        "`policies/bad/Cargo.toml` depends on the folder `policies/bad/../../words`, which is \
         outside of the policies folder\nhelp: move that crate into it, or depend on a published \
         version of it"
    );
    let folder = Folder::new().policy_with("bad", "words = { path = \"../words\" }", "");
    assert_eq!(
        folder.refused(&[]),
        "`policies/bad/Cargo.toml` depends on the folder `policies/bad/../words`, which has no \
         `Cargo.toml`\nhelp: correct its path"
    );
}

#[test]
fn patch_table_in_a_policy_manifest_is_refused() {
    let patch = "\n[patch.crates-io]\nserde = { path = \"../serde\" }";
    let folder = Folder::new().policy_with("bad", patch, "");
    assert_eq!(
        folder.refused(&[]),
        "`policies/bad/Cargo.toml` has a `[patch]`, which does not count in the program's \
         workspace: the policy would be built from other sources than its tests were\nhelp: remove \
         it"
    );
}
