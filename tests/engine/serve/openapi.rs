use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, Server, python};

const CONFIG: &str =
    "policies: {http/authz: {policy: echo}, stress: {}, pod-security-baseline: {}}\n";

/// The checks that are left out. Switches such as `pretty` are booleans to whoever
/// generates a client, and passed over where they are anything else, as with OPA: that is not for
/// `negative_data_rejection`, and bodies have their own tests.
const LENIENT: &str = "negative_data_rejection";

/// Tests one policy with Schemathesis, which sends valid and invalid requests.
fn conforms(policy: &str, excluded: &str) {
    let python = python();
    let folder = Folder::new().file(
        "schemathesis.toml",
        &format!("[parameters]\n\"path.policy\" = \"{policy}\"\n\"path.version\" = \"0\"\n"),
    );
    let server = Server::with_config(&folder, CONFIG, &[]);
    let mut described = server.get("/openapi.json").json();
    assert!(without_yaml(&mut described) > 0);
    let folder = folder.file("openapi.json", &described.to_string());
    let tried = Command::new(python.join("bin/st"))
        .current_dir(folder.path())
        .args(["--no-color", "run", "openapi.json", "--url", server.url()])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "15"])
        .args(["--seed", "1", "--generation-database", "none", "--request-timeout", "30"])
        .args(["--continue-on-failure", "--warnings", "off", "--exclude-checks", excluded])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tried.stdout);
    assert!(tried.status.success(), "{said}{}", String::from_utf8_lossy(&tried.stderr));
    assert!(said.contains("No issues found"), "{said}");
    assert_eq!(server.get("/health").status, 200);
}

/// Takes the bodies in YAML out of a description, and tells how many there were. Not all YAML is read
/// (`tests/engine/yaml` has what is), and a schema does not say how a text is written.
fn without_yaml(description: &mut Value) -> usize {
    match description {
        Value::Object(fields) => {
            let here = usize::from(fields.remove("application/yaml").is_some());
            here + fields.values_mut().map(without_yaml).sum::<usize>()
        }
        Value::Array(items) => items.iter_mut().map(without_yaml).sum(),
        _ => 0,
    }
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn server_conforms_to_its_openapi_document() {
    conforms("http/authz", LENIENT);
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn input_errors_conform_to_the_openapi_document() {
    // A batch of which no input is taken is 500.
    let excluded = format!("{LENIENT},positive_data_acceptance,not_a_server_error");
    conforms("stress", &excluded);
    conforms("pod-security-baseline", &excluded);
}

#[test]
fn openapi_document_is_3_1_and_complete() {
    let server = Server::start(&[]);
    let found = server.get("/openapi.json");
    assert_eq!((found.status, found.header("content-type")), (200, "application/json"));
    let described = found.json();
    assert_eq!(described["openapi"], "3.1.0");
    let paths: Vec<_> = described["paths"].as_object().unwrap().keys().cloned().collect();
    for path in [
        "/v1/data/{policy}",
        "/v0/data/{policy}",
        "/v1/batch/data/{policy}",
        "/validate/{policy}",
        "/audit/{policy}",
        "/v1/policies",
        "/v1/config",
        "/health",
        "/health/live",
        "/health/ready",
        "/metrics",
    ] {
        assert!(paths.iter().any(|known| known == path), "{path} in {paths:?}");
    }
    // Every reference leads somewhere.
    let mut references = Vec::new();
    collect(&described, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(described.pointer(pointer).is_some(), "{reference}");
    }
    let review = &described["components"]["schemas"]["AdmissionReview"];
    assert_eq!(review["required"], json!(["apiVersion", "kind", "request"]));
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
