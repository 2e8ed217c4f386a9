use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::prebuilt::for_another_processor;
use crate::support::{Folder, SparseRegistry, Unpacked, cargo, run, sentence, write_program};

/// A folder whose policies are here and in a registry, and use crates of another.
fn folder(house: &SparseRegistry) -> Folder {
    house.publish("digits 1.0.3", &[], "");
    house.publish("geo 1.2.0", &["policy-api 0.1", "digits 1"], "policy_api::register!();\n");
    let dependencies = "policy-api = \"0.1\"\nmodest = \"1\"\nmacros = \"1\"";
    Folder::with_registry(&[("modest 1.0.0", ""), ("macros 1.0.0", "[lib]\nproc-macro = true")])
        .small_engine()
        .with_house(house)
        .library("hours", dependencies, "policy_api::register!();")
        .file(
            "policies/policies.toml",
            "[policies]\ngeo = { version = \"1\", registry = \"house\" }\n\
             [[vet.allow]]\ncrate = \"hours\"\nwhat = \"advisory\"\nreason = \"unused\"\n",
        )
        .file(
            "advisories/crates/modest/RUSTSEC-2026-0001.md",
            "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\n```\n\n# Not modest\n",
        )
}

/// Has Cargo do something in the workspace `elsewhere/laid-out`, and writes what it prints.
fn by_hand(folder: &Folder, arguments: &[&str], printed: &str) {
    let status = Command::new(cargo())
        .args(arguments)
        .current_dir(folder.path().join("elsewhere/laid-out"))
        .env("CARGO_HOME", folder.path().join("cargo-home"))
        .stdout(File::create(folder.path().join(printed)).unwrap())
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
}

/// The folder with an image, its program, and what another tool printed that compiled the same
/// workspace in another place; returns its target as well.
fn compiled(house: &SparseRegistry) -> (Folder, String) {
    let folder = folder(house);
    build(&folder, &["--advisory-db", "advisories"]);
    let generate = ["generate", "--engine", "source", "--revision", "c0ffee", "--output"];
    folder.at_home(&generate).arg("elsewhere/laid-out").assert().success();
    let plan = fs::read(folder.path().join("elsewhere/laid-out/program/policies.json")).unwrap();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    let target = plan["target"].as_str().unwrap().to_owned();
    let build = ["build", "--release", "--locked", "--message-format", "json", "--target"];
    by_hand(&folder, &[&build[..], &[&target]].concat(), "messages.json");
    (folder, target)
}

/// Builds an image, and puts its program beside it.
fn build(folder: &Folder, more: &[&str]) {
    let image = ["image", "--engine", "source", "--revision", "c0ffee", "--work-dir", "work"];
    let written = ["--output", "built.tar", "--oci-layout", "built"];
    folder.at_home(&[&image[..], &written].concat()).args(more).assert().success();
    let program = Unpacked::read(&folder.path().join("built.tar")).file("bin/policy-engine");
    write_program(&folder.path().join("program"), program);
}

const PACK: [&str; 9] = [
    "pack",
    "--program",
    "program",
    "--workspace",
    "elsewhere/laid-out",
    "--messages",
    "messages.json",
    "--advisory-db",
    "advisories",
];

fn files_of(folder: &Folder, layout: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let inside = |(path, bytes): (PathBuf, Vec<u8>)| {
        path.strip_prefix(layout).map(|path| (path.to_owned(), bytes)).ok()
    };
    folder.contents().into_iter().filter_map(inside).collect()
}

#[test]
fn program_is_packed_with_the_documents_of_a_built_image() {
    let house = SparseRegistry::start();
    let (folder, target) = compiled(&house);
    let built = files_of(&folder, "built");
    // Index and layout, manifest, configuration and layers of the image, and three documents with
    // their manifests, whose configuration is the same.
    assert_eq!(built.len(), 2 + 4 + 3 * 2 + 1);
    folder.at_home(&PACK).args(["--oci-layout", "asked"]).assert().success();
    assert!(files_of(&folder, "asked") == built);

    // Without any toolchain.
    let metadata = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &target];
    by_hand(&folder, &metadata, "metadata.json");
    let rustc = run("rustc", &["-vV"]).stdout;
    fs::write(folder.path().join("rustc.txt"), rustc).unwrap();
    folder
        .builder(&PACK)
        .args(["--metadata", "metadata.json", "--rustc", "rustc.txt", "--oci-layout", "told"])
        .env("PATH", "")
        .env_remove("CARGO")
        .env("CARGO_HOME", folder.path().join("nowhere"))
        .assert()
        .success();
    assert!(files_of(&folder, "told") == built);

    let refused =
        |arguments: &[&str]| sentence(&folder.fails_as(folder.at_home(&PACK[..5]).args(arguments)));
    assert_eq!(
        refused(&["--messages", "nothing"]),
        "failed to read the log of the program's compilation: failed to open file `nothing`: No \
         such file or directory (os error 2)"
    );
    assert_eq!(
        refused(&["--messages", "messages.json", "--rustc", "messages.json"]),
        "`messages.json` does not begin with the compiler's version\nhelp: write it with `rustc \
         -vV`"
    );
    assert_eq!(
        refused(&["--messages", "rustc.txt"]),
        format!(
            "`rustc.txt` does not tell of a release build of the program for `{target}`\nhelp: \
             write it with `cargo build --release --target {target} --package \
             policy-engine-program --message-format json` in the workspace"
        )
    );
}

#[test]
fn another_program_reports_for_one_that_does_not_start() {
    let folder = Folder::with_registry(&[]).small_engine();
    build(&folder, &[]);
    let (target, program) = for_another_processor(fs::read(folder.path().join("program")).unwrap());
    fs::write(folder.path().join("foreign"), program).unwrap();
    let generate = ["generate", "--engine", "source", "--target", target, "--output", "other"];
    folder.at_home(&generate).assert().success();
    let pack = |arguments: &[&str]| {
        let mut command =
            folder.builder(&["pack", "--program", "foreign", "--output", "packed.tar"]);
        command.args(["--workspace", "other"]).args(arguments);
        command
    };
    let label = || {
        let image = Unpacked::read(&folder.path().join("packed.tar"));
        image.config["config"]["Labels"]["policy-engine.policies"].clone()
    };
    pack(&[]).assert().success();
    assert_eq!(label(), Value::Null);
    pack(&["--reported-by", "program"]).assert().success().stderr("");
    assert_eq!(label(), r#"[{"name":"small","version":"1.0.0","crate":"small"}]"#);

    let said = folder.fails_as(&mut pack(&["--reported-by", "nothing"]));
    assert!(sentence(&said).starts_with("failed to start the compiled program `"), "{said}");
}
