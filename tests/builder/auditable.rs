//! The list of what a program is linked with, in the program, as a crate of `cargo audit` reads it.

use std::collections::BTreeSet;
use std::fs;

use auditable_info::{audit_info_from_slice, json_from_slice};
use object::{Object, ObjectSection};
use serde_json::Value;

use crate::support::{Folder, Unpacked, repository};

/// The size limit of the uncompressed list.
const LARGEST: usize = 1 << 20;

/// The packages that a program lists, without itself: names, versions and sources.
fn listed(program: &[u8]) -> BTreeSet<(String, String, String)> {
    let list = audit_info_from_slice(program, LARGEST).unwrap();
    let (root, others): (Vec<_>, Vec<_>) =
        list.packages.into_iter().partition(|package| package.root);
    assert_eq!(root.len(), 1);
    assert_eq!(root[0].name, "policy-engine-program");
    let shown = others
        .into_iter()
        .map(|package| (package.name, package.version.to_string(), String::from(package.source)));
    shown.collect()
}

/// The same by the bill of materials, which knows what was compiled.
fn in_sbom(folder: &Folder, image: &str) -> BTreeSet<(String, String)> {
    let printed = folder.builder(&["inspect", image, "--sbom"]).assert().success();
    let bom: Value = serde_json::from_slice(&printed.get_output().stdout).unwrap();
    let components = bom["components"].as_array().unwrap().iter();
    let text = |component: &Value, key: &str| component[key].as_str().unwrap().to_owned();
    let shown = components.map(|component| (text(component, "name"), text(component, "version")));
    shown.filter(|(name, _)| name != "rust-std").collect()
}

fn without_sources(listed: BTreeSet<(String, String, String)>) -> BTreeSet<(String, String)> {
    listed.into_iter().map(|(name, version, _)| (name, version)).collect()
}

#[test]
fn program_lists_what_is_linked_and_nothing_else() {
    let folder = Folder::with_registry(&[
        ("used 1.0.0", "below = \"1\"\nforeign = { version = \"1\", optional = true }"),
        ("below 1.2.3", "[target.'cfg(windows)'.dependencies]\nforeign = \"1\""),
        ("macros 1.0.0", "behind-macros = \"1\"\n[lib]\nproc-macro = true"),
        ("behind-macros 1.0.0", ""),
        ("builds 1.0.0", ""),
        ("foreign 1.0.0", ""),
        ("remote 1.0.0", "policy-api = \"0.1\""),
    ])
    .small_engine()
    .library(
        "geo",
        "policy-api = \"0.1\"\nused = \"1\"\nmacros = \"1\"\nshared.path = \"../shared\"\n\
         [build-dependencies]\nbuilds = \"1\"\n[dev-dependencies]\nforeign = \"1\"",
        "policy_api::register!();",
    )
    .file("policies/geo/build.rs", "fn main() {}")
    .library("shared", "", "")
    .file("policies/policies.toml", "[policies]\nremote = \"1\"\n")
    .file("registry/remote-1.0.0/src/lib.rs", "policy_api::register!();");
    let options = ["image", "--engine", "source", "--work-dir", "work", "--no-vet"];
    folder.at_home(&options).assert().success();
    let program =
        Unpacked::read(&folder.path().join("policy-engine.tar")).file("bin/policy-engine");

    let found = listed(&program);
    let expected = [
        ("below", "1.2.3", "crates.io"),
        ("geo", "1.0.0", "local"),
        ("policy-api", "0.1.0", "local"),
        ("policy-engine", "0.1.0", "local"),
        // It lies in a folder of the workspace, and comes from the registry.
        ("remote", "1.0.0", "crates.io"),
        ("shared", "1.0.0", "local"),
        ("small", "1.0.0", "local"),
        ("used", "1.0.0", "crates.io"),
    ];
    let expected = expected
        .map(|(name, version, source)| (name.to_owned(), version.to_owned(), source.to_owned()));
    assert_eq!(found, expected.into());
    assert_eq!(without_sources(found), in_sbom(&folder, "policy-engine.tar"));

    let json: Value = serde_json::from_str(&json_from_slice(&program, LARGEST).unwrap()).unwrap();
    assert_eq!(json["format"], 1);
    let packages = json["packages"].as_array().unwrap();
    let place = |name: &str| packages.iter().position(|package| package["name"] == name).unwrap();
    let used = &packages[place("used")]["dependencies"];
    assert_eq!(used.as_array().unwrap(), &[place("below")]);
    assert!(!json.to_string().contains(folder.path().to_str().unwrap()));
}

#[test]
fn list_of_the_repositorys_program_is_its_sbom_and_below_four_kilobytes() {
    let program = repository().image.file("bin/policy-engine");
    let found = without_sources(listed(&program));
    assert!(found.len() > 50, "{found:?}");
    assert_eq!(found, in_sbom(&Folder::new(), repository().archive.to_str().unwrap()));
    let file = object::File::parse(&*program).unwrap();
    let size = file.section_by_name(".dep-v0").unwrap().size();
    assert!(size <= 4096, "{size} bytes");
}

/// It is compiled at each save, and nobody asks what it is linked with.
#[test]
fn quick_program_carries_no_list() {
    let folder = Folder::new().small_engine();
    folder.builder(&["run", "--engine", "source", "--work-dir", "work"]).assert().success();
    let source = folder.path().join("work/workspace/program/src/main.rs");
    assert!(!fs::read_to_string(source).unwrap().contains("dep-v0"));
}
