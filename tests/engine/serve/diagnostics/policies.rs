use serde_json::{Value, json};

use crate::support::{Folder, Server};

const CONFIG: &str = "\
policies:
  a: {policy: stress, settings: {refuse: false, panic: false}}
  b: {policy: stress@0.1, settings: {panic: false, refuse: false}, mode: monitor, timeout: 1500ms}
  c: {policy: stress-blocking, settings: {panic: false}}
  teams/pods: {policy: pod-security-baseline@0.1.0, settings: {version: v1.30}}
";

#[test]
fn policies_are_listed_with_their_configuration() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, CONFIG, &[]);
    let found = server.get("/v1/policies");
    assert_eq!(found.status, 200);
    assert_eq!(server.get("/v1/policies/").json(), found.json());
    let found = found.json()["result"].take();
    let told = |at: usize, names: &[&str]| -> Value {
        names.iter().map(|name| found[at][*name].clone()).collect()
    };
    let names = ["id", "policy", "version", "mode", "timeout", "blocking"];
    assert_eq!(told(0, &names), json!(["a", "stress", "0.1.0", "enforce", "2s", false]));
    assert_eq!(told(1, &names), json!(["b", "stress", "0.1.0", "monitor", "1s 500ms", false]));
    assert_eq!(told(2, &names), json!(["c", "stress-blocking", "0.1.0", "enforce", "2s", true]));
    let pods = json!(["teams/pods", "pod-security-baseline", "0.1.0", "enforce", "2s", false]);
    assert_eq!(told(3, &names), pods);
    assert_eq!(found.as_array().map(Vec::len), Some(4));
    assert_eq!(found[0]["checks"], json!([]), "the author declares none");
    let checks = found[3]["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "hostNamespaces").unwrap();
    assert!(check["summary"].is_string() && check["severity"].is_string(), "{check}");
}

#[test]
fn equal_settings_have_equal_digests() {
    let folder = Folder::new();
    let digest = |server: &Server, id: &str| {
        let policy = server.get(&format!("/v1/policies/{id}")).json();
        policy["result"]["settings_digest"].as_str().unwrap().to_owned()
    };
    let server = Server::with_config(&folder, CONFIG, &[]);
    let first = digest(&server, "a");
    assert!(first.len() == 71 && first.starts_with("sha256:"), "{first}");
    assert_eq!(first, digest(&server, "b"));
    assert_ne!(first, digest(&server, "c"));
    let other = Server::start(&[
        "--set",
        "policies.x={\"policy\":\"stress\"}",
        "--set",
        "policies.x.settings.panic=false",
        "--set",
        "policies.x.settings.refuse=false",
    ]);
    assert_eq!(first, digest(&other, "x"));
}

#[test]
fn single_policy_is_described_with_its_schemas() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, CONFIG, &[]);
    for path in ["teams/pods", "teams%2Fpods", "teams/pods/0.1/", "teams/pods/0"] {
        let found = server.get(&format!("/v1/policies/{path}"));
        let policy = found.json()["result"].take();
        assert_eq!((found.status, &policy["id"]), (200, &json!("teams/pods")), "{path}");
        assert!(policy["input_schema"].is_object(), "{policy}");
        assert_eq!(policy["settings_schema"]["type"], "object", "{policy}");
        // As OPA's clients read it.
        let package = json!([
            {"type": "var", "value": "data"}, {"type": "string", "value": "teams"},
            {"type": "string", "value": "pods"},
        ]);
        assert_eq!(policy["ast"], json!({"package": {"path": package}, "rules": []}));
    }
    for (path, message) in [
        ("d", "no policy `d` is served; `/v1/policies` lists those that are"),
        ("a/2", "policy `a` is served, but not as version 2: it has 0.1.0"),
        ("a/allowed", "no policy `a/allowed` is served"),
    ] {
        let found = server.get(&format!("/v1/policies/{path}"));
        let error = json!({"code": "resource_not_found", "message": message});
        assert_eq!((found.status, found.json()), (404, error));
    }
}

#[test]
fn every_policy_is_served_under_its_own_name_by_default() {
    let server = Server::start(&[]);
    let found = server.get("/v1/policies").json()["result"].take();
    let ids: Vec<_> = found.as_array().unwrap().iter().map(|policy| policy["id"].clone()).collect();
    assert!(ids.is_sorted_by_key(|id| id.as_str().map(str::to_owned)), "{ids:?}");
    for id in ["echo", "stress", "stress-blocking", "pod-security-restricted"] {
        assert!(ids.contains(&json!(id)), "{id} in {ids:?}");
    }
    let line = server.logged("serving");
    assert_eq!(line["policies"], ids.len(), "{line}");
}
