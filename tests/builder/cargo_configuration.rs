use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Folder, SparseRegistry, builder};

/// All that a configuration has to change a program by, or where it is compiled.
const HOSTILE: &str = r#"
include = [{ path = "included.toml" }]
paths = ["/nonexistent/serde"]

[alias]
clippy = "run"
metadata = "run"

[build]
build-dir = "elsewhere"
incremental = true
rustc = "/nonexistent/rustc"
rustc-workspace-wrapper = "/nonexistent/wrapper"
rustflags = ["--cfg", "hostile"]
target = "wasm32-unknown-unknown"
target-dir = "elsewhere"

[env]
HOSTILE = { value = "1", force = true }

[patch.crates-io]
serde = { path = "/nonexistent/serde" }

[profile.release]
codegen-units = 16
debug = true
debug-assertions = true
opt-level = 0
overflow-checks = true
panic = "abort"
rpath = true
strip = "none"

[profile.release.package.policy-engine]
opt-level = 1

[profile.release.build-override]
opt-level = 3

[resolver]
incompatible-rust-versions = "allow"

[target.'cfg(all())']
rustflags = ["--cfg", "hostile"]

[unstable]
build-std = ["std"]
"#;
const INCLUDED: &str = "[build]\nrustc-wrapper = \"/nonexistent/wrapper\"\n";

const VARIABLES: [(&str, &str); 16] = [
    ("CARGO_BUILD_BUILD_DIR", "elsewhere"),
    ("CARGO_BUILD_RUSTFLAGS", "--cfg hostile"),
    ("CARGO_BUILD_TARGET", "wasm32-unknown-unknown"),
    ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}hostile"),
    ("CARGO_INCREMENTAL", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "true"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
    ("CARGO_TERM_COLOR", "always"),
    ("CARGO_UNSTABLE_BUILD_STD", "std"),
    ("RUSTC_BOOTSTRAP", "1"),
    ("RUSTC_WORKSPACE_WRAPPER", "/nonexistent/wrapper"),
    ("RUSTC_WRAPPER", "/nonexistent/wrapper"),
    ("RUSTFLAGS", "--cfg hostile"),
    ("RUSTDOCFLAGS", "--cfg hostile"),
];

fn folder() -> Folder {
    let folder = Folder::with_registry(&[]).small_engine();
    fs::create_dir_all(folder.path().join("project/inside")).unwrap();
    folder
}

/// Builds in `project/inside`, and gives the program's bytes and what was said.
fn built(folder: &Folder, variables: &[(&str, &str)], options: &[&str]) -> (Vec<u8>, String) {
    let before = folder.contents();
    let results = tempfile::tempdir().unwrap();
    let program = results.path().join("program");
    let mut command = builder(&folder.path().join("project/inside"));
    command
        .args(["build", "--policies", "../../policies", "--engine", "../../source", "--output"])
        .arg(&program)
        .arg("--work-dir")
        .arg(results.path().join("work"))
        .args(options)
        .env("CARGO_HOME", folder.path().join("cargo-home"))
        .envs(variables.iter().copied());
    let done = command.assert().success();
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    for file in
        ["elsewhere", "cargo-home/elsewhere", "project/elsewhere", "project/inside/elsewhere"]
    {
        assert!(!folder.path().join(file).exists(), "{file} is there");
    }
    let kept = |path: &Path| !path.starts_with("cargo-home");
    let files = |all: BTreeMap<PathBuf, Vec<u8>>| {
        all.into_iter().filter(|(path, _)| kept(path)).collect::<Vec<_>>()
    };
    assert!(files(folder.contents()) == files(before), "something was written outside");
    let panicking = Command::new(&program).arg("panic").output().unwrap();
    assert_eq!(String::from_utf8(panicking.stdout).unwrap(), "caught\n");
    (fs::read(program).unwrap(), said)
}

/// Compiles an engine of a few lines five times: what Cargo makes of a configuration, only Cargo
/// knows.
#[test]
fn cargo_configuration_does_not_change_the_program() {
    let (plain, said) = built(&folder(), &[], &[]);
    assert!(!said.contains("note: the program is compiled"), "{said}");

    let by_variables = built(&folder(), &VARIABLES, &["--no-vet"]);
    assert!(by_variables.0 == plain, "variables changed the program");
    assert!(
        by_variables.1.contains(
            "note: the program is compiled by the engine's own settings, so that it is the same \
             everywhere; set aside: the variable `CARGO_BUILD_RUSTFLAGS`, the variable \
             `CARGO_BUILD_TARGET`, "
        ),
        "{}",
        by_variables.1
    );

    for place in ["cargo-home", "project/.cargo", "project/inside/.cargo"] {
        let folder = folder();
        let config = folder.path().join(place).join("config.toml");
        let before = fs::read_to_string(&config).unwrap_or_default();
        let config = config.canonicalize().unwrap_or(config);
        let (program, said) = built(
            &folder
                .file(&format!("{place}/config.toml"), &(before + HOSTILE))
                .file(&format!("{place}/included.toml"), INCLUDED),
            &[],
            &[],
        );
        assert!(program == plain, "{place} changed the program");
        for (key, file) in
            [("profile.release.panic", "config.toml"), ("build.rustc-wrapper", "included.toml")]
        {
            let words = format!("`{key}` of `{}`", config.with_file_name(file).display());
            assert!(said.contains(&words), "{words} is not in {said}");
        }
    }
}

/// The toolchain is the one of the folder that the user is in, and so is the linker.
#[test]
fn configured_linker_is_used() {
    let folder = folder().script("project/linker", "touch \"${0%/*}/linked\"\nexec cc \"$@\"\n");
    let marker = folder.path().join("project/linked");
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap().trim().to_owned();
    let path = format!("..:{}", std::env::var("PATH").unwrap());
    let mut folder = folder;
    // By its path, and by a name that is looked for from where the user is.
    for linker in ["./linker", "linker"] {
        let config = format!("[target.{host}]\nlinker = \"{linker}\"\n");
        folder = folder.file("project/.cargo/config.toml", &config);
        let mut command = builder(&folder.path().join("project/inside"));
        command
            .args(["build", "--policies", "../../policies", "--engine", "../../source", "--no-vet"])
            .args(["--target", &host, "--work-dir"])
            .arg(tempfile::tempdir().unwrap().path().join("work"))
            .env("CARGO_HOME", folder.path().join("cargo-home"))
            .env("PATH", &path);
        command.assert().success();
        assert!(fs::remove_file(&marker).is_ok(), "{linker}");
    }
}

/// A user without a home, as in a container: Cargo has no place for its caches.
#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_openssl)),
    ignore = "needs `docker-registry` and OpenSSL"
)]
fn unwritable_home_folder_does_not_fail_the_build() {
    let registry = SparseRegistry::start();
    registry.publish("words 1.0.0", &[], "");
    let dependencies = "policy-api = \"0.1\"\nwords = { version = \"1\", registry = \"house\" }";
    let config = format!("registries.house.index = \"{}\"\n", registry.index());
    let folder = folder()
        .library("small", dependencies, "policy_api::register!();")
        .file("project/.cargo/config.toml", &config);
    let mut command = builder(&folder.path().join("project/inside"));
    command
        .args(["build", "--policies", "../../policies", "--engine", "../../source", "--no-vet"])
        .args(["--work-dir", "../../work"])
        .env("CARGO_HOME", "/dev/null/cargo");
    command.assert().success();
}
