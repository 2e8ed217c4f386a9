use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use tempfile::TempDir;
use walkdir::WalkDir;

use super::*;
use crate::steps::engine::Embedded;
use crate::steps::features::Features;

const STAMP: Stamp<'_> =
    Stamp { target: "x86_64-unknown-linux-musl", revision: Some("c0ffee-dirty") };

/// The crates of a folder: two policies and what one of them shares, made in this order.
fn folder(order: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\n").unwrap();
    for name in order {
        let manifest = match *name {
            "zones" => {
                r#"[package]
name = "a-zones"
version = "2.0.0-rc.1"
readme = "README.md"
workspace = "../.."

[lib]
name = "zoning"

[[bin]]
name = "try-it"

[dependencies]
api = { package = "policy-api", version = "0.1", features = ["schemars"] }
shared = { path = "../shared-words", version = "1" }
semver = { version = "1", default-features = false }

[dev-dependencies]
proptest = "1"

[target.'cfg(unix)'.dependencies]
policy-api = { path = "/src/policy-engine/engine/api", optional = true }

[target.'cfg(unix)'.dev-dependencies]
tempfile = "3"

[profile.release]
debug = true
"#
            }
            "shared-words" => "[package]\nname = \"shared\"\nversion = \"1.1.0\"\n",
            "hours" => {
                "[package]\nname = \"hours\"\nversion = \"1.0.0\"\n\n[dependencies]\npolicy-api = \"0.1\"\n"
            }
            other => panic!("no crate `{other}`"),
        };
        let path = folder.path().join("policies").join(name);
        fs::create_dir_all(path.join("src")).unwrap();
        fs::write(path.join("Cargo.toml"), manifest).unwrap();
        fs::write(path.join("src/lib.rs"), format!("// {name}\n")).unwrap();
    }
    folder
}

/// Every file of the workspace that is laid out for a folder.
fn generated(folder: &TempDir) -> BTreeMap<String, String> {
    laid_out(folder, Extent::Libraries)
}

fn laid_out(folder: &TempDir, extent: Extent) -> BTreeMap<String, String> {
    let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
    laid_out_of(folder, extent, &engine.with_features(&Features::default()).unwrap())
}

fn laid_out_of(folder: &TempDir, extent: Extent, engine: &Engine) -> BTreeMap<String, String> {
    let policies = Policies::discover(&folder.path().join("policies"), engine).unwrap();
    let root = folder.path().join("workspace");
    let workspace = generate(&policies, engine, Vec::new(), extent, &root).unwrap();
    let plan = BuildPlan::new(
        &policies,
        engine,
        &STAMP,
        vec![grant("hours"), grant("a-zones")],
        Vec::new(),
    );
    write_program(&workspace, &policies, engine, &plan, Some(b"list".to_vec())).unwrap();
    let files = WalkDir::new(&root).into_iter().map(|entry| entry.unwrap().into_path());
    files
        .filter(|path| path.is_file())
        .map(|path| {
            let inside = path.strip_prefix(&root).unwrap().display().to_string();
            (inside, fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// Generates a workspace with features of the engine.
fn laid_out_with(folder: &TempDir, features: &str) -> BTreeMap<String, String> {
    let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
    let engine = engine.with_features(&features.parse().unwrap()).unwrap();
    laid_out_of(folder, Extent::Libraries, &engine)
}

/// Something that the shared crate may do for a policy crate.
fn grant(policy: &str) -> Grant {
    Grant {
        policy: policy.to_owned(),
        crate_name: "shared".to_owned(),
        what: "files".to_owned(),
        item: (policy == "a-zones").then(|| "std::fs::read".to_owned()),
        reason: "reads \"maps\"\nonce\\".to_owned(),
    }
}

const ORDER: [&str; 3] = ["hours", "shared-words", "zones"];

#[test]
fn program_refers_to_every_policy_crate() {
    assert_snapshot!(generated(&folder(&ORDER))["program/src/main.rs"]);
}

#[test]
fn program_manifest_depends_on_the_copied_crates() {
    assert_snapshot!(generated(&folder(&ORDER))["program/Cargo.toml"]);
}

#[test]
fn parser_of_macros_has_the_same_features_for_every_folder() {
    let folder = folder(&["hours"]);
    let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
    let policies = Policies::discover(&folder.path().join("policies"), &engine).unwrap();
    let pin = |name: &str, version: &str| Package {
        name: name.to_owned(),
        version: version.parse().unwrap(),
        source: Some("registry+here".to_owned()),
        checksum: None,
        dependencies: Vec::new(),
    };
    let linked = [pin("quote", "1.0.0"), pin("syn", "2.0.119"), pin("syn", "3.0.9")];
    let manifest = program::manifest(&policies, &engine, &linked);
    let (_, parsers) = manifest.split_once("\n[build-dependencies]\n").unwrap();
    let features = r#"["extra-traits", "fold", "full", "visit", "visit-mut"]"#;
    assert_eq!(
        parsers,
        format!(
            "syn-2 = {{ package = \"syn\", version = \"2.0.119\", features = {features} }}\n\
             syn-3 = {{ package = \"syn\", version = \"3.0.9\", features = {features} }}\n"
        )
    );
    assert!(!program::manifest(&policies, &engine, &[]).contains("[build-dependencies]"));
}

#[test]
fn engine_feature_adds_its_dependencies_only_if_selected() {
    let folder = folder(&ORDER);
    let with = laid_out_with(&folder, "otlp");
    let dependency = r#"policy-engine = { path = "../engine/runtime", features = ["otlp"] }"#;
    assert!(with["program/Cargo.toml"].contains(dependency));
    assert!(with["engine/runtime/Cargo.toml"].contains("\nopentelemetry_sdk = {"));

    let without = laid_out_with(&folder, "");
    let manifest = &without["engine/runtime/Cargo.toml"];
    assert!(!manifest.contains("opentelemetry"), "{manifest}");
    // The compiler is to know its name.
    assert!(manifest.contains("\notlp = ["), "{manifest}");
}

#[test]
fn default_feature_that_is_left_out_leaves_its_crate_out() {
    let folder = folder(&ORDER);
    let console = "engine/console/Cargo.toml";
    let profile = "\n[profile.release.package.policy-console]\n";
    let with = laid_out_with(&folder, "");
    assert!(with.contains_key(console) && with["Cargo.toml"].contains(profile));

    fs::remove_dir_all(folder.path().join("workspace")).unwrap();
    let without = laid_out_with(&folder, "-console");
    assert!(!without.contains_key(console) && !without["Cargo.toml"].contains(profile));
    let manifest = &without["engine/runtime/Cargo.toml"];
    assert!(manifest.contains("\ndefault = [ \"tls\"]\n"), "{manifest}");
    assert!(!manifest.contains("policy-console"), "{manifest}");
    let plan: serde_json::Value = serde_json::from_str(&without["program/policies.json"]).unwrap();
    assert_eq!(plan["features"], serde_json::json!(["-console"]));
}

#[test]
fn expected_policies_are_written_to_policies_json() {
    assert_snapshot!(generated(&folder(&ORDER))["program/policies.json"]);
}

#[test]
fn workspace_has_the_release_profile() {
    assert_snapshot!(generated(&folder(&ORDER))["Cargo.toml"]);
}

#[test]
fn copied_manifest_keeps_only_the_library() {
    assert_snapshot!(generated(&folder(&ORDER))["policies/zones/Cargo.toml"]);
}

#[test]
fn crate_keeps_its_tests_on_request() {
    let files = laid_out(&folder(&ORDER), Extent::WithTests);
    let members =
        r#"members = ["program", "policies/hours", "policies/shared-words", "policies/zones"]"#;
    assert!(files["Cargo.toml"].contains(members));
    assert_snapshot!(files["policies/zones/Cargo.toml"]);
}

#[test]
fn tests_that_depend_on_a_folder_elsewhere_are_refused() {
    let folder = folder(&["hours"]);
    let path = folder.path().join("policies/hours/Cargo.toml");
    let outside = "\n[dev-dependencies]\nother.path = \"../../other\"\n";
    fs::write(&path, fs::read_to_string(&path).unwrap() + outside).unwrap();
    let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
    let policies = Policies::discover(&folder.path().join("policies"), &engine).unwrap();
    let manifest =
        |extent| member::policy_manifest(policies.crates.first().unwrap(), &policies, extent);
    assert!(manifest(Extent::Libraries).is_ok());
    assert_eq!(
        manifest(Extent::WithTests).unwrap_err().to_string(),
        format!(
            "the tests of `{}` depend on the folder `{}/../../other`, which is none of the policies \
             folder's crates\nhelp: move that crate into the policies folder, or depend on a \
             published version of it",
            path.display(),
            path.parent().unwrap().display()
        )
    );
}

#[test]
fn workspace_holds_all_compiled_sources() {
    let files = generated(&folder(&ORDER));
    let tops: Vec<_> = files.keys().filter(|path| !path.starts_with("engine/")).collect();
    assert_eq!(
        tops,
        [
            "Cargo.lock",
            "Cargo.toml",
            "policies/hours/Cargo.toml",
            "policies/hours/src/lib.rs",
            "policies/shared-words/Cargo.toml",
            "policies/shared-words/src/lib.rs",
            "policies/zones/Cargo.toml",
            "policies/zones/src/lib.rs",
            "program/Cargo.toml",
            "program/policies.json",
            "program/src/linked.zlib",
            "program/src/main.rs",
        ]
    );
    assert_eq!(files["engine/api/src/lib.rs"], fs::read_to_string("../api/src/lib.rs").unwrap());
    assert!(files["engine/runtime/Cargo.toml"].contains("policy-api = { path = \"../api\" }"));
}

#[test]
fn workspace_does_not_depend_on_the_crate_order() {
    let (one, other) = (folder(&ORDER), folder(&["zones", "hours", "shared-words"]));
    assert_eq!(generated(&one), generated(&other));
}

#[test]
#[cfg_attr(not(feature = "embedded-engine"), ignore = "needs the embedded sources")]
fn embedded_engine_lays_out_what_the_checkout_does() {
    let folder = folder(&ORDER);
    let cache = tempfile::tempdir().unwrap();
    let root = Embedded::get().unwrap().unpack_to(cache.path()).unwrap();
    let engine = Engine::locate(Some(&root)).unwrap();
    let engine = engine.with_features(&Features::default()).unwrap();
    let embedded = laid_out_of(&folder, Extent::Libraries, &engine);
    assert_eq!(embedded, generated(&folder));
    assert!(embedded.keys().any(|file| file == "engine/runtime/openapi.json"));
    assert_eq!(fs::read(root.join("Cargo.lock")).unwrap(), fs::read("../../Cargo.lock").unwrap());
}

#[test]
fn no_file_contains_a_machine_path() {
    let folder = folder(&ORDER);
    let path = folder.path().to_str().unwrap();
    for (file, text) in generated(&folder) {
        assert!(!text.contains(path), "{file}");
    }
}

#[test]
fn output_inside_user_folders_is_refused() {
    let folder = folder(&ORDER);
    let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
    let policies = Policies::discover(&folder.path().join("policies"), &engine).unwrap();
    let inside = folder.path().join("policies/made/here");
    assert_eq!(
        check_outside(&inside, &policies).unwrap_err().to_string(),
        format!(
            "`{}` is inside the policies folder, where nothing is written\nhelp: name another \
             folder",
            inside.display()
        )
    );
    assert_eq!(
        check_ours(folder.path()).unwrap_err().to_string(),
        format!(
            "`{}` holds something else than a workspace that policy-builder laid out, so it is \
             left as it is\nhelp: name an empty or a new folder",
            folder.path().display()
        )
    );
    let laid_out = folder.path().join("workspace");
    generated(&folder);
    assert!(check_ours(&laid_out).is_ok() && check_outside(&laid_out, &policies).is_ok());
}
