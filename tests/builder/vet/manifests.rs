use std::fs;
use std::path::Path;

use crate::support::Folder;

const SCRIPT: &str = r#"
fn main() {
    std::fs::write(std::env::var("OUT_DIR").unwrap() + "/made.rs", "").unwrap();
}
"#;
const USES_IT: &str = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));";

fn manifest(name: &str, package: &str, rest: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{package}\n{rest}\n\
         [dependencies]\npolicy-api = \"0.1\"\n"
    )
}

fn folder() -> Folder {
    Folder::with_registry(&[])
        .engine("", &[])
        .library("inferred", "policy-api = \"0.1\"", USES_IT)
        .file("policies/inferred/build.rs", SCRIPT)
        .file("policies/named/Cargo.toml", &manifest("named", "build = \"make.rs\"", ""))
        .file("policies/named/src/lib.rs", "")
        .file("policies/named/make.rs", SCRIPT)
        .file("policies/without/Cargo.toml", &manifest("without", "build = false", ""))
        .file("policies/without/src/lib.rs", "")
        .file("policies/without/build.rs", "not Rust")
}

/// Tells whether Cargo has put what it compiled somewhere below a folder.
fn has_compiled(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    let mut folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders.any(|entry| entry.file_name() == "deps" || has_compiled(&entry.path()))
}

#[test]
fn build_script_does_not_run_before_it_is_allowed() {
    let folder = folder();
    let refused = folder.vet().assert().code(1);
    let printed = String::from_utf8(refused.get_output().stdout.clone()).unwrap();
    let why = "it runs on the machine that builds";
    assert_eq!(
        printed,
        format!(
            "policies/inferred/build.rs: crate `inferred`: build-script: the build script \
             `build.rs`: {why}\n\
             policies/named/make.rs: crate `named`: build-script: the build script `make.rs`: {why}\n\
             \nTo let them pass, in `policies.toml`, with the reason:\n\
             \n[[vet.allow]]\ncrate = \"inferred\"\nwhat = \"build-script\"\nreason = \"\"\n\
             \n[[vet.allow]]\ncrate = \"named\"\nwhat = \"build-script\"\nreason = \"\"\n"
        )
    );
    assert!(!has_compiled(&folder.path().join("work/target")), "something was compiled");

    let allow = |name: &str| {
        format!("[[vet.allow]]\ncrate = \"{name}\"\nwhat = \"build-script\"\nreason = \"ours\"\n")
    };
    let rules = format!("{}{}", allow("inferred"), allow("named"));
    let folder = folder.file("policies/policies.toml", &rules);
    // What a script writes and how is its own affair, then, as is that it is used.
    folder.vet().assert().success();
}

#[test]
fn local_procedural_macro_is_found() {
    let makro = "[package]\nname = \"makes\"\nversion = \"1.0.0\"\n[lib]\nproc-macro = true\n";
    let folder = Folder::with_registry(&[])
        .engine("", &[])
        .file("policies/makes/Cargo.toml", makro)
        .file("policies/makes/src/lib.rs", "")
        .library("policy", "policy-api = \"0.1\"\nmakes = { path = \"../makes\" }", "");
    let refused = folder.vet().assert().code(1);
    let printed = String::from_utf8(refused.get_output().stdout.clone()).unwrap();
    assert!(
        printed.starts_with(
            "policies/makes/Cargo.toml: crate `makes`: procedural-macro: a procedural macro \
             (`lib.proc-macro`): it runs on the machine that builds, and writes code unseen\n"
        ),
        "{printed}"
    );
}

#[test]
fn manifest_that_hides_code_from_clippy_is_found() {
    let lints =
        "[lints.rust]\nunexpected_cfgs = { level = \"allow\", check-cfg = ['cfg(clippy)'] }\n";
    let folder = Folder::with_registry(&[])
        .engine("", &[])
        .file("policies/hides/Cargo.toml", &manifest("hides", "", lints))
        .file(
            "policies/hides/src/lib.rs",
            "#[cfg(not(clippy))] pub fn f() { std::process::abort() }",
        );
    let refused = folder.vet().assert().code(1);
    let printed = String::from_utf8(refused.get_output().stdout.clone()).unwrap();
    let expected = "policies/hides/Cargo.toml: crate `hides`: hidden-code: `cfg(clippy)`, which \
                    `lints.rust.unexpected_cfgs` lets pass: ";
    assert!(printed.starts_with(expected), "{printed}");
}

/// Clippy's message is nested deeper than the JSON reader allows.
#[test]
fn code_nested_too_deeply_in_macros_is_refused() {
    use std::fmt::Write as _;
    let mut source = "macro_rules! m0 { () => { std::fs::read(\"a\") } }\n".to_owned();
    for level in 1..=75 {
        let inner = level - 1;
        writeln!(source, "macro_rules! m{level} {{ () => {{ m{inner}!() }} }}").unwrap();
    }
    source += "pub fn f() { let _ = m75!(); }\n";
    let folder = Folder::with_registry(&[]).engine("", &[]).library(
        "nests",
        "policy-api = \"0.1\"",
        &source,
    );
    let refused = folder.vet().assert().code(1).stdout("");
    let said = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    let expected = "help: write out code that macros nest this deeply\n";
    assert!(said.ends_with(expected), "{said}");
}
