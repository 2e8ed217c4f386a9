use serde_json::json;

use super::assert_error;
use crate::support::{Folder, Server, stress_engine};

#[test]
fn root_path_evaluates_the_configured_default_decision() {
    let folder = Folder::new();
    let yaml = "policies: {http/authz: {policy: echo}}\ndefault-decision: /http/authz/allowed\n";
    let server = Server::with_config(&folder, yaml, &[]);
    // Bare input, bare result: as at `/v0/data`.
    let found = server.post("/", &json!({"allowed": [1]}));
    assert_eq!((found.status, found.json()), (200, json!([1])));
    assert_eq!(server.send("POST", "/?pretty", &[], b"{\"allowed\":[]}".into()).text(), "[]");
    let yaml = [("content-type", "application/yaml")];
    assert_eq!(server.send("POST", "/", &yaml, b"allowed: yes\n".into()).json(), json!(true));
    let nothing = "document missing or undefined: data.http.authz.allowed";
    assert_error(&server.post("/", &json!({})), 404, "undefined_document", nothing);
    assert_eq!(server.send("POST", "/", &[], b"{".into()).status, 400);
    assert_eq!(server.get("/").status, 405);
    let config = server.get("/v1/config").json();
    assert_eq!(config["result"]["default_decision"], "/http/authz/allowed");
}

#[test]
fn default_decision_is_system_main_unless_set() {
    let server = Server::start(&[]);
    let nothing = "document missing or undefined: data.system.main";
    assert_error(&server.post("/", &json!({})), 404, "undefined_document", nothing);
    let config = json!({"result": {
        "labels": {},
        "confinement": {"mode": "enforce", "missing": []},
    }});
    assert_eq!(server.get("/v1/config").json(), config);
    let folder = Folder::new();
    let yaml = "policies: {system/main: {policy: echo}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    assert_eq!(server.post("/", &json!([1])).json(), json!([1]));
}

#[test]
fn default_decision_of_an_unserved_policy_is_a_configuration_error() {
    let ended =
        stress_engine(&["config", "--set", "default-decision=http/authz"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(78));
    assert_eq!(
        String::from_utf8_lossy(&ended.stderr),
        "error: `--set default-decision`: `default-decision` is `http/authz`: expected the id of a \
         policy that is served, perhaps with what is wanted of its answer\n"
    );
    let ended = stress_engine(&["config", "--set", "default-decision=echo/a/b"]).output().unwrap();
    assert!(ended.status.success());
}
