//! What `[vet.allow]` lets policies do at run time: in the program, in its image, and in what the
//! builder says of both.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::Folder;

const RULES: &str = r#"
[[vet.allow]]
crate = "shared"
what = "files"
item = "std::fs::read"
reason = 'reads "maps" once'

[[vet.allow]]
crate = "direct"
what = "threads"
reason = "joins them"

[[vet.allow]]
crate = "shared"
what = "environment"
reason = "no effect at run time"

[[vet.allow]]
crate = "absent"
what = "network"
reason = "not linked"
"#;

/// Policies that are linked with the crate `shared`, behind another one, and some that are not: for
/// one it is an optional dependency, for one a dependency of another system's.
fn folder() -> Folder {
    let policy = |folder: Folder, name: &str, dependencies: &str| {
        let dependencies = format!("policy-api = \"0.1\"\n{dependencies}");
        folder.library(name, &dependencies, "policy_api::register!();")
    };
    let folder = Folder::new().small_engine();
    let folder = policy(folder, "direct", "between.path = \"../between\"");
    let folder = policy(folder, "never", "shared = { path = \"../shared\", optional = true }");
    let foreign = "[target.'cfg(windows)'.dependencies]\nshared.path = \"../shared\"";
    let folder = policy(folder, "foreign", foreign);
    folder
        .library("between", "shared.path = \"../shared\"", "")
        .library("shared", "", "")
        .file("policies/policies.toml", RULES)
}

fn image(folder: &Folder, rest: &[&str]) -> Value {
    let options = ["image", "--engine", "source", "--work-dir", "work", "--format", "json"];
    let mut command = folder.builder(&options);
    let printed = command.arg("--no-vet").args(rest).assert().success().get_output().clone();
    serde_json::from_slice(&printed.stdout).unwrap()
}

#[test]
fn policies_are_granted_what_they_are_linked_with_was_allowed() {
    let folder = folder();
    let report = image(&folder, &[]);
    let granted = json!([
        {"policy": "direct", "crate": "direct", "what": "threads", "reason": "joins them"},
        {
            "policy": "direct", "crate": "shared", "what": "files", "item": "std::fs::read",
            "reason": "reads \"maps\" once",
        },
    ]);
    assert_eq!(report["grants"], granted);

    let told: Value = serde_json::from_str(&folder.inspected(&["--format", "json"])).unwrap();
    assert_eq!(told["platforms"][0]["grants"], granted);
    let told = folder.inspected(&[]);
    let lines = "grant      direct: threads; joins them\n\
                 grant      direct: files of shared (std::fs::read); reads \"maps\" once\n";
    assert!(told.contains(lines), "{told}");

    let build = ["build", "--engine", "source", "--work-dir", "work", "--output", "program"];
    folder.builder(&build).assert().success();
    let told = Command::new(folder.path().join("program")).arg("grants").output().unwrap().stdout;
    assert_eq!(
        String::from_utf8(told).unwrap(),
        "direct: [Grant { crate_name: \"direct\", what: \"threads\", item: None, reason: \
         \"joins them\" }, Grant { crate_name: \"shared\", what: \"files\", item: \
         Some(\"std::fs::read\"), reason: \"reads \\\"maps\\\" once\" }]\n\
         foreign: []\nnever: []\nsmall: []\n"
    );

    // What has no effect at run time changes no byte of the image.
    let folder = folder.file("policies/policies.toml", &RULES.replace("no effect", "nothing"));
    assert_eq!(image(&folder, &[])["image"]["digest"], report["image"]["digest"]);

    // Another grant is told as the cause of the difference.
    folder.builder(&["inspect", "policy-engine.tar"]).assert().success();
    let folder = folder.file("policies/policies.toml", &RULES.replace("joins them", "waits"));
    image(&folder, &["--output", "other.tar"]);
    let diff = folder.builder(&["diff", "policy-engine.tar", "other.tar"]).assert().code(2);
    let diff = String::from_utf8(diff.get_output().stdout.clone()).unwrap();
    assert!(diff.contains("grant     direct: threads joins them -> waits\n"), "{diff}");
}
