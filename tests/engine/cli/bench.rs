use std::fs;

use assert_cmd::Command;
use serde_json::Value;

use super::{BAD, GOOD};
use crate::support::{Folder, engine};

fn bench(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = engine(&["bench", "pod-security-baseline", "--time", "60ms"]);
    command.args(arguments).current_dir(folder.path());
    command
}

#[test]
fn every_document_is_measured_and_compared_with_what_was_saved() {
    let folder = Folder::new().file("pods.yaml", &format!("{GOOD}---\n{BAD}"));
    let table = bench(&folder, &["pods.yaml", "--save", "before.json"]).assert().code(0);
    let table = String::from_utf8(table.get_output().stdout.clone()).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("INPUT                 P50 "), "{table}");
    assert!(lines[1].starts_with("pods.yaml document 1  "), "{table}");
    assert!(lines[2].starts_with("pods.yaml document 2  "), "{table}");
    assert!(lines[4].starts_with("pod-security-baseline 0.1.0: "), "{table}");

    let file = folder.path().join("before.json");
    let mut before: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let documents = before["documents"].as_array_mut().unwrap();
    assert!(documents[0]["nanoseconds"]["p50"].as_f64().unwrap() > 0.0);
    assert!(documents[0]["cpuNanoseconds"].as_f64().unwrap() > 0.0);
    // As it was saved before it was told.
    documents[0].as_object_mut().unwrap().remove("cpuNanoseconds");
    // A denial has a text for its reason, at the least.
    assert!(documents[1]["allocations"].as_u64() > documents[0]["allocations"].as_u64());
    // As if a decision had taken no time, and as many allocations as now.
    documents[0]["nanoseconds"]["p50"] = 0.1.into();
    documents[0]["instructions"] = Value::Null;
    documents[1]["nanoseconds"]["p50"] = 1e12.into();
    documents[1]["instructions"] = Value::Null;
    fs::write(&file, before.to_string()).unwrap();
    let compared = bench(&folder, &["pods.yaml", "--compare", "before.json", "--threshold", "20%"]);
    let compared = { compared }.assert().code(2);
    let errors = String::from_utf8(compared.get_output().stderr.clone()).unwrap();
    assert!(errors.starts_with("error: pods.yaml document 1: a decision takes "), "{errors}");
    assert!(errors.ends_with(" ns, and took 0.1 before: more than 20% above\n"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[test]
fn document_without_a_decision_is_an_error() {
    let folder = Folder::new().file("a.yaml", "kind: Pod\nspec: 7\n").file("b.yaml", "");
    bench(&folder, &["a.yaml"]).assert().code(1).stdout("").stderr(
        "error: a.yaml document 1: policy `pod-security-baseline`: line 2 column 7: expected an \
         object, found the number `7`, at `spec`\n",
    );
    bench(&folder, &["b.yaml"]).assert().code(1).stdout("").stderr(
        "error: there is no document to decide on: expected JSON or YAML\nhelp: name files that \
         hold some\n",
    );
    bench(&folder, &["a.yaml", "--threshold", "5%"]).assert().code(64);
    bench(&folder, &["a.yaml", "--compare", "no.json"]).assert().code(1).stderr(
        "error: failed to read the measurements in `no.json`: No such file or directory (os error \
         2)\n",
    );
}
