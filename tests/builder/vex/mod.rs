//! What the vulnerabilities that vetting was told to let pass mean for an image.

use std::process::Command;

use serde_json::Value;

use crate::support::{Folder, python, root};

const RULES: &str = r#"
[[vet.allow]]
crate = "geo"
what = "advisory"
item = "RUSTSEC-2026-0001"
reason = "never called"

[[vet.allow]]
crate = "shared"
what = "advisory"
reason = "only \"ours\" may ask until it is corrected"
status = "affected"
"#;

/// Policies that are linked with what has vulnerabilities, some of it behind a crate of theirs.
fn folder() -> Folder {
    let registry = [("leaky 1.4.0+b", ""), ("open 2.0.0", ""), ("off 1.0.0", "")];
    let folder = Folder::with_registry(&registry)
        .small_engine()
        .library(
            "geo",
            "policy-api = \"0.1\"\nleaky = \"1\"\nshared.path = \"../shared\"\n\
             off = { version = \"1\", optional = true }",
            "policy_api::register!();",
        )
        .library("shared", "open = \"2\"", "")
        .file("policies/policies.toml", RULES);
    let advisories = [
        ("leaky", "RUSTSEC-2026-0001", "aliases = [\"CVE-2026-1\"]"),
        ("open", "RUSTSEC-2026-0002", ""),
        // Corrected, no vulnerability, withdrawn, and of what is not linked.
        ("leaky", "RUSTSEC-2026-0003", "[versions]\npatched = [\">=1.3\"]"),
        ("leaky", "RUSTSEC-2026-0004", "informational = \"unsound\""),
        ("leaky", "RUSTSEC-2026-0005", "withdrawn = \"2026-01-01\""),
        ("other", "RUSTSEC-2026-0006", ""),
    ];
    advisories.into_iter().fold(folder, |folder, (package, id, head)| {
        let text = format!("```toml\n[advisory]\nid = \"{id}\"\n{head}\n```\n\n# About {id}\n");
        folder.file(&format!("advisories/crates/{package}/{id}.md"), &text)
    })
}

/// Builds an image, and gives what was said of it.
fn image(folder: &Folder, rest: &[&str]) -> String {
    let options = ["image", "--engine", "source", "--work-dir", "work", "--repo", "a.example/b/p"];
    let done = folder.at_home(&options).args(rest).assert().success().get_output().clone();
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn allowed_advisories_are_told_beside_the_image() {
    let folder = folder();
    let said = image(&folder, &["--advisory-db", "advisories"]);
    assert!(!said.contains("OpenVEX"), "{said}");
    let told = folder.inspected(&[]);
    let lines = "vex        RUSTSEC-2026-0001: not_affected\n\
                 vex        RUSTSEC-2026-0002: affected\n";
    assert!(told.contains(lines), "{told}");

    let written = folder.inspected(&["--vex"]);
    let vex: Value = serde_json::from_str(&written).unwrap();
    let image_told: Value = serde_json::from_str(&folder.inspected(&["--format", "json"])).unwrap();
    let digest = image_told["digest"].as_str().unwrap();
    let (_, hex) = digest.split_once(':').unwrap();
    let id = vex["predicate"]["@id"].as_str().unwrap();
    let (_, contents) = id.rsplit_once('-').unwrap();
    // What differs from one compiler to the next.
    let zeros = "0".repeat(64);
    let shown = written.replace(hex, &zeros).replace(contents, &zeros);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let golden = root().join("tests/builder/vex/statement.json");
    let golden: Value = serde_json::from_slice(&std::fs::read(golden).unwrap()).unwrap();
    assert_eq!(shown, golden, "{shown:#}");

    // The same again, and another one for another reason.
    image(&folder, &["--advisory-db", "advisories", "--output", "again.tar"]);
    let read = |archive: &str| std::fs::read(folder.path().join(archive)).unwrap();
    assert!(read("policy-engine.tar") == read("again.tar"));

    // A database that only this machine has is not asked.
    let said = image(&folder, &["--output", "without.tar"]);
    let note = "note: the image tells by no OpenVEX document what the allowed advisories mean for \
                it: name the database with `--advisory-db`";
    assert!(said.contains(note), "{said}");
    let mut nothing = folder.builder(&["inspect", "without.tar", "--vex"]);
    let refused = folder.fails_as(&mut nothing);
    assert!(
        refused.contains("the image `without.tar` has no OpenVEX document attached"),
        "{refused}"
    );
}

/// Of the libraries of others.
#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn python_reads_what_is_told_of_vulnerabilities() {
    let folder = root().join("tests/builder/vex");
    let mut read = Command::new(python().join("bin/python"));
    let read = read.args(["read.py", "statement.json"]).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&read.stderr);
    assert_eq!(String::from_utf8_lossy(&read.stdout), "2 statements\n", "{said}");
}
