//! The engine's optional parts: those that are added, and default ones that are left out.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, SMALL_RUNTIME};

const PRINT: &str = r#"
fn print(policies: &str) {
    let parts = [(cfg!(feature = "pages"), "pages"), (cfg!(feature = "spans"), "spans")];
    for (_, name) in parts.iter().filter(|(is_there, _)| *is_there) {
        eprintln!("{name}");
    }
    println!("[{policies}]");
}
"#;

/// A small engine with one default feature and one that is not.
fn folder() -> Folder {
    let features = "[features]\ndefault = [\"pages\"]\npages = []\nspans = []";
    let folder = Folder::with_registry(&[]).small_engine_with(features);
    folder.file("source/engine/runtime/src/lib.rs", &format!("{SMALL_RUNTIME}{PRINT}"))
}

#[test]
fn image_and_its_rebuild_have_the_parts_that_were_asked_for() {
    let folder = folder();
    let builder = |arguments: &[&str]| {
        let printed = folder.at_home(arguments).assert().success().get_output().stdout.clone();
        String::from_utf8(printed).unwrap()
    };
    let options = ["--engine", "source", "--work-dir", "work"];
    for (asked, parts) in [("", "pages\n"), ("spans,-pages", "spans\n")] {
        let features = ["--engine-features", asked];
        builder(&[&["build", "--output", "program"][..], &options, &features].concat());
        let program = Command::new(folder.path().join("program")).output().unwrap();
        assert_eq!(String::from_utf8(program.stderr).unwrap(), parts);
    }
    let features = ["--engine-features", "spans,-pages"];
    builder(&[&["image", "--no-vet"][..], &options, &features].concat());
    let statement = builder(&["inspect", "policy-engine.tar", "--provenance"]);
    let statement: Value = serde_json::from_str(&statement).unwrap();
    let asked = &statement["predicate"]["buildDefinition"]["externalParameters"]["engineFeatures"];
    assert_eq!(*asked, json!(["-pages", "spans"]));
    let verified = builder(&[&["verify", "policy-engine.tar"][..], &options].concat());
    assert!(verified.starts_with("verified  policy-engine.tar\n"), "{verified}");
}

#[test]
fn feature_that_the_engine_lacks_is_refused() {
    let folder = folder();
    for wrong in ["oltp", " spans, oltp,", "-oltp", "spans,-oltp"] {
        assert_eq!(
            folder.refused(&["--engine", "source", "--engine-features", wrong]),
            "the engine has no feature `oltp`: expected one of `pages`, `spans`"
        );
    }
    assert_eq!(
        folder.refused(&["--engine", "source", "--engine-features", "pages,-pages"]),
        "the engine's feature `pages` is both asked for and left out\nhelp: name one of `pages` \
         and `-pages`"
    );
}
