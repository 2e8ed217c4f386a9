use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

/// A folder of crates, each a folder's name and the text of its manifest.
fn folder(crates: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, manifest) in crates {
        let path = folder.path().join(name);
        fs::create_dir_all(path.join("src")).unwrap();
        fs::write(path.join("Cargo.toml"), manifest).unwrap();
        fs::write(path.join("src/lib.rs"), "").unwrap();
    }
    folder
}

/// A manifest with this in front of its dependencies and with these.
fn manifest(name: &str, before: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n{before}{dependencies}")
}

fn policy(name: &str) -> String {
    manifest(name, "[dependencies]\n", "policy-api = \"0.1\"\n")
}

fn discover(folder: &TempDir) -> Result<Policies, String> {
    let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
    Policies::discover(folder.path(), &engine).map_err(|error| error.to_string())
}

/// The folders of one role.
fn found(folder: &TempDir, role: Role) -> Vec<String> {
    discover(folder)
        .unwrap()
        .of_role(role)
        .map(|policy_crate| policy_crate.folder.clone())
        .collect()
}

#[test]
fn crates_with_a_normal_api_dependency_are_policies() {
    let with = |before: &str, dependencies: &str| manifest("it", before, dependencies);
    for (role, manifest) in [
        (Role::Policy, with("[dependencies]\n", "policy-api = \"0.1\"\n")),
        (Role::Policy, with("[dependencies]\n", "policy-api.path = \"../elsewhere\"\n")),
        (
            Role::Policy,
            with("[dependencies]\n", "api = { package = \"policy-api\", version = \"0.1\" }\n"),
        ),
        (Role::Policy, with("[dependencies.policy-api]\n", "git = \"https://example.com\"\n")),
        (Role::Support, with("", "")),
        (Role::Support, with("[target.'cfg(unix)'.dependencies]\n", "policy-api = \"0.1\"\n")),
        (
            Role::Support,
            with("[dependencies]\n", "policy-api = { version = \"0.1\", optional = true }\n"),
        ),
        (Role::Support, with("[dependencies]\n", "policy-apis = \"0.1\"\n")),
        (
            Role::Support,
            with("[dependencies]\n", "policy-api = { package = \"other\", version = \"1\" }\n"),
        ),
        (Role::Support, with("[dev-dependencies]\n", "policy-api = \"0.1\"\n")),
        (
            Role::Support,
            with(
                "[package.metadata.policy-engine]\nrole = \"support\"\n[dependencies]\n",
                "policy-api = \"0.1\"\n",
            ),
        ),
        (Role::Support, with("[build-dependencies]\n", "policy-api = \"0.1\"\n")),
    ] {
        let folder = folder(&[("it", &manifest), ("other", &policy("other"))]);
        assert!(found(&folder, role).contains(&"it".to_owned()), "{role:?}: {manifest}");
    }
}

#[test]
fn folders_without_a_crate_are_skipped() {
    let folder = folder(&[
        ("b", &policy("b")),
        ("a", &policy("a")),
        (".hidden", "not a manifest"),
        ("target", "not a manifest"),
        ("a/inner", "not a manifest"),
    ]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::create_dir_all(folder.path().join("docs/deep/src")).unwrap();
    fs::write(folder.path().join("docs/deep/src/lib.rs"), "").unwrap();
    fs::write(folder.path().join("docs/README.md"), "").unwrap();
    fs::write(folder.path().join("build.rs"), "").unwrap();
    assert_eq!(found(&folder, Role::Policy), ["a", "b"]);
    assert_eq!(found(&folder, Role::Support), [""; 0]);
}

#[test]
fn rust_files_without_a_manifest_are_refused() {
    for file in ["main.rs", "src/lib.rs"] {
        let folder = folder(&[("a", &policy("a"))]);
        let forgotten = folder.path().join("forgotten");
        fs::create_dir_all(forgotten.join("src")).unwrap();
        fs::write(forgotten.join(file), "").unwrap();
        assert_eq!(
            discover(&folder).unwrap_err(),
            format!(
                "`{0}` holds Rust files (`{0}/{file}`) but no `Cargo.toml`\nhelp: add one, or move \
                 the folder away",
                forgotten.display()
            )
        );
    }
}

#[test]
fn symlinked_folder_is_discovered() {
    let elsewhere = folder(&[("a", &policy("a"))]);
    let folder = folder(&[]);
    std::os::unix::fs::symlink(elsewhere.path().join("a"), folder.path().join("linked")).unwrap();
    assert_eq!(found(&folder, Role::Policy), ["linked"]);
}

#[test]
fn api_requirement_must_match_the_engine() {
    let version = Engine::locate(Some(Path::new("../.."))).unwrap().api_version;
    let asking = |requirement: &str| {
        let dependency = format!("policy-api = \"{requirement}\"\n");
        discover(&folder(&[("a", &manifest("a", "[dependencies]\n", &dependency))]))
    };
    for met in ["*", ">=0.0.1", &format!("={version}"), &version.to_string()] {
        assert!(asking(met).is_ok(), "{met}");
    }
    for other in ["9", "<0.0.1", "=99.0.0", "latest"] {
        let error = asking(other).unwrap_err();
        let said = format!("asks for policy-api `{other}` in `");
        assert!(error.contains(&said) && error.contains(&version.to_string()), "{error}");
    }
}

#[test]
fn names_that_differ_only_in_dashes_are_duplicates() {
    let folder = folder(&[("one", &policy("a-b")), ("two", &policy("a_b"))]);
    let path = |name: &str| folder.path().join(name).join("Cargo.toml").display().to_string();
    assert_eq!(
        discover(&folder).unwrap_err(),
        format!(
            "two crates are named `a_b`: `{}` and `{}`\nhelp: rename one of them",
            path("one"),
            path("two")
        )
    );
}

#[test]
fn self_dependency_is_a_cycle() {
    let dependencies = "policy-api = \"0.1\"\na = { path = \"../a\" }\n";
    let folder = folder(&[("a", &manifest("a", "[dependencies]\n", dependencies))]);
    assert_eq!(
        discover(&folder).unwrap_err(),
        "the crates `a` → `a` depend on one another in a circle\nhelp: remove one of these \
         dependencies"
    );
}

#[test]
fn shared_dependency_is_no_cycle() {
    let uses = |name: &str| {
        manifest(name, "[dependencies]\n", "policy-api = \"0.1\"\nc = { path = \"../c\" }\n")
    };
    let folder = folder(&[("a", &uses("a")), ("b", &uses("b")), ("c", &manifest("c", "", ""))]);
    assert_eq!(found(&folder, Role::Policy), ["a", "b"]);
    assert_eq!(found(&folder, Role::Support), ["c"]);
}
