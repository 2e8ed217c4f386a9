use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::page;
use crate::support::{Folder, python, root, stress_engine};

/// Suites that the engine reads.
const ACCEPTED: [&str; 4] = [
    "$schema: suite.json\npolicy: echo\ncases: [{name: a, input: true, expect: allowed}]",
    "settings: {}\nlabels: {a: b}\nfiles: []\ncases: [{name: a, policy: echo@1, input: null, \
     expect: {verdict: none, output: null, checks: []}}]",
    "policy: echo\ncases: [{name: a, object: {}, oldObject: {}, operation: UPDATE, request: \
     {dryRun: true}, expect: {output: {kind: AdmissionReview}, patch: []}}]",
    "policy: pod-security-baseline\ncases: [{name: a, oldObject: {}, labels: {}, settings: \
     {version: v1.30}, expect: {checks: {include: [], exclude: [hostPorts]}}}]",
];

/// Suites that neither the engine nor the schema accepts.
const REFUSED: [&str; 12] = [
    "policy: echo",
    "policy: echo\ncases: []",
    "policy: echo\ncases: [{name: a, input: 1}]",
    "policy: echo\ncases: [{input: 1, expect: none}]",
    "policy: echo\ncases: [{name: a, expect: none}]",
    "policy: echo\ncases: [{name: a, input: 1, file: b, expect: none}]",
    "policy: echo\ncases: [{name: a, input: 1, expect: maybe}]",
    "policy: echo\ncases: [{name: a, input: 1, expect: {}}]",
    "policy: echo\ncases: [{name: a, input: 1, expect: {verdct: none}}]",
    "policy: echo\ncases: [{name: a, input: 1, expect: {checks: {among: []}}}]",
    "policy: echo\ncases: [{name: a, oldObject: {}, operation: GET, expect: {verdict: none}}]",
    "policy: echo\nsetings: {}\ncases: [{name: a, input: 1, expect: none}]",
];

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn schema_accepts_the_suites_that_the_engine_reads_and_no_misspelt_key() {
    let mut folder = Folder::new();
    let cases =
        ACCEPTED.iter().map(|text| (text, true)).chain(REFUSED.iter().map(|text| (text, false)));
    let mut files = Vec::new();
    let mut expected = BTreeSet::new();
    for (index, (text, is_accepted)) in cases.enumerate() {
        let name = format!("{index}.suite.yaml");
        folder = folder.file(&name, text);
        let file = folder.path().join(&name).to_str().unwrap().to_owned();
        let read = stress_engine(&["test", &file]).output().unwrap();
        let error = String::from_utf8_lossy(&read.stderr);
        assert_eq!(error.is_empty(), is_accepted, "{text}: {error}");
        if !is_accepted {
            expected.insert(file.clone());
        }
        files.push(file);
    }
    let mut check = Command::new(python().join("bin/check-jsonschema"));
    check.args(["--output-format", "json", "--schemafile"]);
    check.arg(root().join("docs/src/schemas/suite.json")).args(&files);
    let checked = check.output().unwrap();
    let report: Value = serde_json::from_slice(&checked.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&checked.stderr)));
    let found = report["errors"].as_array().unwrap().iter();
    let found: BTreeSet<_> =
        found.map(|error| error["filename"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, expected, "{report:#}");
}

#[test]
fn schema_of_suites_is_what_the_engine_prints() {
    page::is("schemas/suite.json", &schema());
}

/// The page names every key, with the sentence of the schema.
#[test]
fn page_of_suites_has_every_key() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let definitions = &schema["$defs"];
    let mut text = String::new();
    for (title, table) in [
        ("A suite", &schema),
        ("A case", &definitions["case"]),
        ("An expectation", &definitions["expect"]["oneOf"][1]),
        ("An expectation on checks", &definitions["checks"]),
    ] {
        text.extend(["\n## ", title, "\n\n| key | is |\n| --- | --- |\n"]);
        for (key, described) in table["properties"].as_object().unwrap() {
            let sentence = described["description"].as_str().unwrap();
            text += &page::row(&[&format!("`{key}`"), sentence]);
        }
    }
    page::holds("reference/suites.md", &text);
}

fn schema() -> String {
    let printed = stress_engine(&["test", "--schema"]).output().unwrap();
    String::from_utf8(printed.stdout).unwrap()
}
