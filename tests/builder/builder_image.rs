use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process;

use assert_cmd::Command;

use crate::support::{Folder, Loaded, SMALL_RUNTIME, root, sentence};

const MANIFEST: &str = "[package]\nversion = \"0.1.0\"\nedition = \"2024\"\n";

/// What the small engine has besides, as the real one does: a crate of the registry, a procedural
/// macro and a build script.
const PRINT: &str = r#"
#[cfg(feature = "spans")]
pub use hex;

fn print(policies: &str) {
    println!("{}{policies}{}", policy_macros::opening!(), env!("CLOSING"));
}
"#;

/// The build script of the engine.
const SCRIPT: &str = "fn main() { println!(\"cargo::rustc-env=CLOSING=]\"); }";

/// A procedural macro.
const MACROS: &str = "#[proc_macro] pub fn opening(_: proc_macro::TokenStream) -> \
                      proc_macro::TokenStream { \"\\\"[\\\"\".parse().unwrap() }";

/// A policy that depends on what the engine does not.
const POLICY: &str = r#"
pub mod registered_for_policy_api_0_1 {
    pub static POLICIES: [&str; 1] = ["small"];
}

pub fn version(text: &str) -> semver::Version {
    semver::Version::parse(text).unwrap()
}
"#;

/// A policy that uses optional features of the API.
const WITH_API_FEATURES: &str = r#"
pub mod registered_for_policy_api_0_1 {
    pub static POLICIES: [&str; 1] = ["large"];
}

pub fn distance(a: &str, b: &str) -> usize {
    policy_api::strsim::levenshtein(a, b)
}
"#;

/// A crate that takes its version from the workspace.
const INHERITING: &str = "[package]\nversion.workspace = true\nedition = \"2024\"\n";

/// A folder with the small engine as `source`, and with a workspace around a policy; `theirs` is a
/// workspace around another, which nobody knows when the image is made.
fn folder() -> Folder {
    let api = format!(
        "{MANIFEST}name = \"policy-api\"\n\n[features]\nschemars = []\nwords = [\"dep:strsim\"]\n\n\
         [dependencies]\nstrsim = {{ version = \"0.11\", optional = true }}\n"
    );
    let runtime = format!(
        "{MANIFEST}name = \"policy-engine\"\n\n[features]\nspans = [\"dep:hex\"]\n\n\
         [dependencies]\nhex = {{ version = \"0.4\", optional = true }}\n\
         policy-api = {{ path = \"../api\" }}\npolicy-macros = {{ path = \"../macros\" }}\n"
    );
    let small = format!(
        "{INHERITING}name = \"small\"\n[dependencies]\npolicy-api = \"0.1\"\nsemver = \"1\"\n"
    );
    let large =
        format!("{INHERITING}name = \"large\"\n[dependencies]\npolicy-api.workspace = true\n");
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    Folder::new()
        .file("source/Cargo.toml", "[workspace]\nmembers = [\"engine/*\"]\n")
        .file("source/Cargo.lock", &lock)
        .file("source/engine/api/Cargo.toml", &api)
        .file("source/engine/api/src/lib.rs", "#[cfg(feature = \"words\")]\npub use strsim;\n")
        .file(
            "source/engine/macros/Cargo.toml",
            &format!("{MANIFEST}name = \"policy-macros\"\n\n[lib]\nproc-macro = true\n"),
        )
        .file("source/engine/macros/src/lib.rs", MACROS)
        .file("source/engine/runtime/build.rs", SCRIPT)
        .file("source/engine/runtime/Cargo.toml", &runtime)
        .file("source/engine/runtime/src/lib.rs", &format!("{SMALL_RUNTIME}{PRINT}"))
        .file("Cargo.toml", "[workspace]\n[workspace.package]\nversion = \"1.0.0\"\n")
        .file("Cargo.lock", &lock)
        .file("policies/small/Cargo.toml", &small)
        .file("policies/small/src/lib.rs", POLICY)
        .file(
            "theirs/Cargo.toml",
            "[workspace]\n[workspace.package]\nversion = \"2.0.0\"\n[workspace.dependencies]\n\
             policy-api = { version = \"0.1\", features = [\"words\"] }\n",
        )
        .file("theirs/rules/large/Cargo.toml", &large)
        .file("theirs/rules/large/src/lib.rs", WITH_API_FEATURES)
        .file("theirs/out/.keep", "")
        .file("out/.keep", "")
}

#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn builder_image_reproduces_the_image_in_docker_without_network() {
    let folder = folder();
    let name = format!("policy-builder-tests:{}", process::id());
    folder
        .builder(&["builder-image", "--engine", "source"])
        .args(["--output", "builder.tar", "--oci-layout", "layout", "--name", &name])
        .assert()
        .success();
    assert!(folder.path().join("layout/index.json").is_file());
    let image = Loaded::load("docker", &folder.path().join("builder.tar"), &name);
    assert_eq!(image.inspected()["Config"]["User"], "1000:1000");
    let cache = format!("{}/cache:/cache", folder.path().display());
    fs::create_dir(folder.path().join("cache")).unwrap();
    fs::set_permissions(folder.path().join("cache"), Permissions::from_mode(0o777)).unwrap();
    let run_on = |policies: &str, user: &str, arguments: &[&str]| {
        let policies = format!("{}/{policies}:/policies", folder.path().display());
        let out = format!("{}/out:/out", folder.path().display());
        Command::new("docker")
            .args(["run", "--rm", "--network", "none", "--user", user])
            .args([
                "--env",
                "POLICY_ENGINE_FEATURES=spans",
                "--volume",
                &policies,
                "--volume",
                &out,
                "--volume",
                &cache,
                &name,
            ])
            .args(arguments)
            .assert()
    };
    let run = |user: &str, arguments: &[&str]| run_on("policies", user, arguments);
    let discovered = run("4321:4321", &["discover", "--policies", "/policies"]).success();
    let discovered = String::from_utf8(discovered.get_output().stdout.clone()).unwrap();
    assert!(discovered.contains("small"), "{discovered}");

    let out = folder.path().join("out");
    fs::set_permissions(&out, Permissions::from_mode(0o755)).unwrap();
    let refused = run("4321:4321", &[]).code(1);
    assert_eq!(
        sentence(&String::from_utf8(refused.get_output().stderr.clone()).unwrap()),
        "failed to write the image to `/out/policy-engine.tar`: permission to write in the folder \
         `/out` is denied\nhelp: make the folder before Docker makes it as root, and add `--user \
         \"$(id -u):$(id -g)\"` to `docker run`"
    );

    fs::set_permissions(&out, Permissions::from_mode(0o777)).unwrap();
    // Of the workspace around the policies, which is not mounted, the image knows.
    let built = run("1000:1000", &[]).success();
    let said = String::from_utf8(built.get_output().stderr.clone()).unwrap();
    let note = "note: what the crates inherit is as their workspace was when this image was made\n";
    assert!(said.contains(note), "{said}");
    folder
        .builder(&["image", "--engine", "source", "--work-dir", "work"])
        .args(["--engine-features", "spans"])
        .assert()
        .success();
    folder.builder(&["diff", "policy-engine.tar", "out/policy-engine.tar"]).assert().success();
    let archive = fs::read(out.join("policy-engine.tar")).unwrap();
    assert!(archive == fs::read(folder.path().join("policy-engine.tar")).unwrap());

    // Of others it does not, and tells what to run: that runs, in the words that it tells.
    let refused = run_on("theirs/rules", "1000:1000", &[]).code(1);
    let refused = sentence(&String::from_utf8(refused.get_output().stderr.clone()).unwrap());
    let command = format!(
        "docker run --rm --network none --user \"$(id -u):$(id -g)\" -v \"$PWD:/src\" -v \
         \"$PWD/out:/out\" {name} image --policies /src/rules --output /out/policy-engine.tar"
    );
    assert_eq!(
        refused,
        format!(
            "`/policies/large/Cargo.toml` inherits `package.version` from its workspace, and the \
             container does not see the workspace\nhelp: mount all of it in its folder with \
             `{command}`"
        )
    );
    let theirs = folder.path().join("theirs");
    Command::new("sh").args(["-c", &command]).current_dir(&theirs).assert().success();
    let inspected = folder.builder(&["inspect", "theirs/out/policy-engine.tar"]).assert().success();
    let inspected = String::from_utf8(inspected.get_output().stdout.clone()).unwrap();
    assert!(inspected.contains("large 2.0.0"), "{inspected}");
}

#[test]
fn missing_linker_is_reported() {
    let folder = folder();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["rustc", "cargo"] {
        let path = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join(program))
            .find(|path| path.is_file());
        symlink(path.unwrap(), bin.join(program)).unwrap();
    }
    let mut command = folder.builder(&["builder-image", "--engine", "source"]);
    let said = folder.fails_as(command.env("PATH", &bin));
    assert_eq!(
        sentence(&said),
        "there is no C linker `cc` on the PATH, which Rust links build scripts and procedural \
         macros with\nhelp: install one, such as Debian's `gcc` and `libc6-dev`"
    );
}
