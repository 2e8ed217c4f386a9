use std::fs;
use std::process::Command;

use crate::support::{Folder, sentence};

const CRATES: [(&str, &str); 9] = [
    ("digits 1.0.3", ""),
    ("digits 1.0.5", ""),
    ("digits 1.0.9", ""),
    ("digits 2.0.0", ""),
    ("modern 1.0.0", "digits = \"1.0.9\""),
    ("modest 1.0.0", "digits = \"1\""),
    ("one-sys 1.0.0", ""),
    ("other-sys 1.0.0", ""),
    ("modern 2.0.0", "modest = \"1\"\nmodern-core = { package = \"modern\", version = \"1\" }"),
];

/// An engine that is linked with `digits` 1.0.5.
fn folder() -> Folder {
    Folder::with_registry(&CRATES).engine("digits = \"1\"", &["digits 1.0.5"])
}

/// The messages of `generate`, and the locked packages.
fn generated(folder: &Folder) -> (String, Vec<String>) {
    let done = folder.generate().assert().success().stdout("workspace\n");
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    let lock = fs::read_to_string(folder.path().join("workspace/Cargo.lock")).unwrap();
    let packages =
        lock.split("[[package]]\n").skip(1).filter(|package| package.contains("source = "));
    let packages = packages.map(|package| {
        let fields: Vec<_> =
            package.lines().take(2).map(|line| line.split('"').nth(1).unwrap()).collect();
        fields.join(" ")
    });
    (said, packages.collect())
}

fn refused(folder: &Folder) -> String {
    let failed = folder.generate().assert().code(1).stdout("");
    sentence(&String::from_utf8(failed.get_output().stderr.clone()).unwrap())
}

#[test]
fn generated_workspace_has_a_complete_lock() {
    let folder = folder().policy_with("a", "digits = \"2\"\nmodest = \"1\"", "");
    let (said, packages) = generated(&folder);
    assert_eq!(packages, ["digits 1.0.5", "digits 2.0.0", "modest 1.0.0"]);
    assert_eq!(
        said,
        "note: no lock pins digits 2.0.0, modest 1.0.0: took versions that fit, those at hand first; \
         `policy-builder lock` pins the newest in `policies/policies.lock`\n"
    );
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let locked = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(folder.path().join("workspace"))
        .env("CARGO_HOME", folder.path().join("cargo-home"))
        .output()
        .unwrap();
    assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
}

#[test]
fn locked_versions_are_not_reported_as_unpinned() {
    let folder = folder().locked("a", "digits = \"1\"", &["digits 1.0.3", "digits 2.0.0"]).locked(
        "b",
        "modest = \"1\"\ndigits = \"2\"",
        &["digits 1.0.9", "modest 1.0.0"],
    );
    let packages = ["digits 1.0.5", "digits 2.0.0", "modest 1.0.0"].map(str::to_owned);
    assert_eq!(generated(&folder), (String::new(), packages.to_vec()));
}

#[test]
fn policies_with_conflicting_locks_are_named() {
    let folder = Folder::with_registry(&CRATES)
        .engine("", &[])
        .locked("a", "digits = \"=1.0.3\"", &["digits 1.0.3"])
        .locked("b", "digits = \"=1.0.5\"", &["digits 1.0.5"]);
    assert_eq!(
        sentence(&folder.fails_as(&mut folder.generate())),
        "policy crate `a` asks for `digits` `=1.0.3` and is locked to 1.0.3, but policy crate `b` \
         is locked to 1.0.5, and a program has one version of each compatible range\nhelp: have \
         both ask for what one version meets, and lock both to that one"
    );
    let folder = folder.locked("b", "digits = \"=1.0.3\"", &["digits 1.0.3", "digits 2.0.0"]);
    assert_eq!(generated(&folder).1, ["digits 1.0.3"]);
}

#[test]
fn workspace_that_could_not_be_completed_has_no_program() {
    let folder = folder().policy_with("a", "digits = \"2\"", "");
    generated(&folder);
    let source = folder.path().join("workspace/program/src/main.rs");
    let before = fs::read_to_string(&source).unwrap();
    let folder = folder.policy_with("a", "digits = \"3\"", "");
    assert!(refused(&folder).contains("digits"));
    assert!(!source.exists());
    let folder = folder.policy_with("a", "digits = \"2\"", "");
    generated(&folder);
    assert_eq!(fs::read_to_string(&source).unwrap(), before);
}

#[test]
fn policy_requirement_that_excludes_the_engines_version_is_refused() {
    let refused = |requirement: &str| {
        let folder =
            Folder::with_registry(&CRATES[..3]).engine("digits = \"1\"", &["digits 1.0.5"]);
        let dependency = format!("digits = \"{requirement}\"");
        refused(&folder.policy_with("a", &dependency, "").policy("b"))
    };
    // The second and third are in no registry.
    for requirement in ["=1.0.3", "=1.0.4", ">=1.0.300"] {
        assert_eq!(
            refused(requirement),
            format!(
                "policy crate `a` asks for `digits` `{requirement}`, but the engine is linked with \
                 1.0.5, and a program has one version of each compatible range\nhelp: have `a` ask \
                 for what 1.0.5 meets, or build with an engine that has another"
            )
        );
    }
}

#[test]
fn transitive_requirement_that_excludes_the_engines_version_is_refused() {
    let folder = folder().policy_with("a", "modern = \"1\"", "").policy("b").policy_with(
        "c",
        "modern = \"2\"",
        "",
    );
    assert_eq!(
        refused(&folder),
        "the engine is linked with `digits` 1.0.5, but Cargo takes 1.0.9 for what policy crates \
         depend on (`a`, `c`), and a program has one version of each compatible range\nhelp: have \
         those crates depend on what does with 1.0.5 (`cargo tree --invert digits` shows what asks \
         for it), and lock that, or build with an engine that has 1.0.9"
    );
}

/// Dependencies of the engine's tools do not bind the policies.
#[test]
fn unlinked_engine_dependency_does_not_bind_the_policies() {
    let folder = Folder::with_registry(&CRATES)
        .engine("", &[])
        .policy_with("a", "modern = \"1\"", "")
        .locked("b", "digits = \"1\"", &["digits 1.0.5"]);
    assert_eq!(generated(&folder).1, ["digits 1.0.9", "modern 1.0.0"]);
}

/// Tests and unused features of the engine do not bind the policies.
#[test]
fn dev_dependencies_and_unused_features_do_not_bind_the_policies() {
    const SHADES: (&str, &str) = ("shades 1.0.0", "digits = { version = \"1\", optional = true }");
    let crates = [&CRATES[..4], &[SHADES]].concat();
    for (dependencies, engines) in [
        ("[dev-dependencies]\ndigits = \"1\"", &["digits 1.0.5"][..]),
        ("[target.'cfg(unix)'.dev-dependencies]\ndigits = \"1\"", &["digits 1.0.5"]),
        ("shades = \"1\"", &["digits 1.0.5", "shades 1.0.0"]),
    ] {
        let folder = Folder::with_registry(&crates).engine(dependencies, engines);
        // `shades` itself is linked, and stands in the lock with all that it may depend on.
        let edge = "name = \"shades\"\nversion = \"1.0.0\"\n";
        let lock = fs::read_to_string(folder.path().join("source/Cargo.lock")).unwrap();
        let lock = lock.replace(edge, &format!("{edge}dependencies = [\"digits\"]\n"));
        let lock = lock.replace("[\"digits\", \"shades\"]", "[\"shades\"]");
        let folder = folder.file("source/Cargo.lock", &lock);
        let of_policies = |folder: &Folder| -> Vec<String> {
            let (said, packages) = generated(folder);
            assert_eq!(said, "");
            packages.into_iter().filter(|package| package.starts_with("digits")).collect()
        };
        // Neither is the policies' lock overridden, nor is what they ask for impossible.
        let folder = folder.locked("a", "digits = \"1\"", &["digits 1.0.3"]);
        assert_eq!(of_policies(&folder), ["digits 1.0.3"], "{dependencies}");
        let folder = folder.locked("a", "digits = \"=1.0.9\"", &["digits 1.0.9"]);
        assert_eq!(of_policies(&folder), ["digits 1.0.9"], "{dependencies}");
    }
}

/// Dependencies of build scripts and of any platform count: one lock is for all platforms.
#[test]
fn build_and_platform_dependencies_bind_the_policies() {
    for dependencies in [
        "[build-dependencies]\ndigits = \"1\"",
        "[target.'cfg(unix)'.dependencies]\ndigits = \"1\"",
    ] {
        let folder = Folder::with_registry(&CRATES).engine(dependencies, &["digits 1.0.5"]).locked(
            "a",
            "digits = \"1\"",
            &["digits 1.0.3"],
        );
        assert_eq!(generated(&folder).1, ["digits 1.0.5"], "{dependencies}");
    }
}

/// Cargo's message names the policies.
#[test]
fn two_crates_that_link_one_native_library_are_refused_by_policy() {
    let links = |folder: Folder, name: &str| {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nlinks = \"zlib\"\n");
        folder
            .file(&format!("registry/{name}-1.0.0/Cargo.toml"), &manifest)
            .file(&format!("registry/{name}-1.0.0/build.rs"), "fn main() {}")
            .policy_with(&format!("with-{name}"), &format!("{name} = \"1\""), "")
    };
    let refused = refused(&links(links(folder(), "one-sys"), "other-sys"));
    let start = "failed to resolve the dependencies: failed to select a version for `o";
    assert!(refused.starts_with(start), "{refused}");
    for words in [
        "-sys` links to the native library `zlib`, but it conflicts with a previous package",
        "`with-one-sys v1.0.0 ",
        "`with-other-sys v1.0.0 ",
    ] {
        assert!(refused.contains(words), "`{words}` is not in: {refused}");
    }
}
