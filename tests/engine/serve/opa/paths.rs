use serde_json::{Value, json};

use super::{assert_error, warned};
use crate::support::{Folder, Server};

const MISSING_INPUT: &str = "'input' key missing from the request";

#[test]
fn path_selects_policy_version_and_field_of_the_result() {
    let folder = Folder::new();
    let yaml = "policies:\n  echo: {}\n  http/authz: {policy: echo@1.2}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let input = json!({"x": [{"y": "é"}], "a/b": 1});
    for (path, result) in [
        ("echo", Some(input.clone())),
        ("echo/1", Some(input.clone())),
        ("echo/1.2", Some(input.clone())),
        ("echo/1.2.0/x/0/y", Some(json!("é"))),
        ("echo/x/0", Some(json!({"y": "é"}))),
        ("http/authz/x/0/y", Some(json!("é"))),
        ("http%2Fauthz%2fx/0", Some(json!({"y": "é"}))),
        ("/http//authz///x//", Some(json!([{"y": "é"}]))),
        ("echo/x/1", None),
        ("echo/x/y", None),
        ("echo/nothing/there", None),
    ] {
        let found = server.post(&format!("/v1/data/{path}"), &json!({"input": input}));
        let expected = result.clone().map_or_else(|| json!({}), |result| json!({"result": result}));
        assert_eq!((found.status, found.json()), (200, expected), "v1 {path}");

        let found = server.post(&format!("/v0/data/{path}"), &input);
        if let Some(result) = result {
            assert_eq!((found.status, found.json()), (200, result), "v0 {path}");
        } else {
            let message = format!("document missing or undefined: data.{}", path.replace('/', "."));
            assert_error(&found, 404, "undefined_document", &message);
        }
    }
}

#[test]
fn get_reads_the_input_from_its_query() {
    let server = Server::start(&[]);
    for (query, result) in [
        ("?input=%7B%22a%22%3A+%22%2B%26%22%7D", json!({"a": "+&"})),
        ("?pretty=false&input=[1,%202]", json!([1, 2])),
        ("?input=null", json!(null)),
    ] {
        let found = server.get(&format!("/v1/data/echo{query}"));
        assert_eq!((found.status, found.json()), (200, json!({"result": result})), "{query}");
    }
    let found = server.get("/v1/data/echo?input=%7B");
    assert_eq!((found.status, &found.json()["code"]), (400, &json!("invalid_parameter")));
    let message = "the query's `input` is not UTF-8 once it is decoded";
    assert_error(&server.get("/v1/data/echo?input=%ff"), 400, "invalid_parameter", message);
}

#[test]
fn missing_input_is_null_and_gets_a_warning() {
    let server = Server::start(&[]);
    let mut answered = warned("api_usage_warning", MISSING_INPUT);
    answered["result"] = Value::Null;
    for body in ["{}", "", " ", r#"{"inputs": 1}"#] {
        let found = server.send("POST", "/v1/data/echo", &[], body.into());
        assert_eq!((found.status, found.json()), (200, answered.clone()), "{body}");
    }
    assert_eq!(server.get("/v1/data/echo").json(), answered);
    assert_eq!(server.send("POST", "/v0/data/echo", &[], Vec::new()).json(), Value::Null);
    // An input of `null` is one.
    let found = server.post("/v1/data/echo", &json!({"input": null}));
    assert_eq!(found.json(), json!({"result": null}));
    // To a policy that cannot do with `null`, OPA's `undefined`.
    let found = server.post("/v1/data/stress", &json!({}));
    let expected = warned("api_usage_warning", MISSING_INPUT);
    assert_eq!((found.status, found.json()), (200, expected));
}

#[test]
fn unknown_policy_is_undefined_with_a_warning() {
    let server = Server::start(&[]);
    let input = json!({"input": 1});
    for (path, message) in [
        ("/ecko/allow", "no policy `ecko/allow` is served; `/v1/policies` lists those that are"),
        (
            "/ecko",
            "no policy `ecko` is served (did you mean `echo`?); `/v1/policies` lists those that are",
        ),
        ("/echo/2", "policy `echo` is served, but not as version 2: it has 1.2.0"),
        ("", "no policy is named; `/v1/policies` lists those that are served"),
    ] {
        let found = server.post(&format!("/v1/data{path}"), &input);
        assert_eq!((found.status, found.json()), (200, warned("undefined", message)), "{path}");
    }
    let message = "document missing or undefined: data.ecko.allow";
    assert_error(&server.post("/v0/data/ecko/allow", &1), 404, "undefined_document", message);
}

#[test]
fn pretty_and_metrics_parameters_shape_the_response() {
    let server = Server::start(&[]);
    let asked = json!({"input": {"b": 1, "a": [true]}});
    let pretty = "{\n  \"result\": {\n    \"a\": [\n      true\n    ],\n    \"b\": 1\n  }\n}";
    for query in ["?pretty", "?pretty=true"] {
        assert_eq!(server.post(&format!("/v1/data/echo{query}"), &asked).text(), pretty);
    }
    for query in ["", "?pretty=false", "?explain=full&else"] {
        let found = server.post(&format!("/v1/data/echo{query}"), &asked);
        assert_eq!(found.text(), r#"{"result":{"a":[true],"b":1}}"#);
    }
    let found = server.post("/v0/data/echo?pretty", &[1]);
    assert_eq!(found.text(), "[\n  1\n]");

    let found = server.post("/v1/data/echo?metrics&provenance", &asked).json();
    for timer in ["timer_rego_query_eval_ns", "timer_server_handler_ns"] {
        assert!(found["metrics"][timer].as_u64().is_some_and(|took| took > 0), "{found}");
    }
    let provenance = &found["provenance"];
    assert_eq!(provenance["version"], "0.1.0");
    assert_eq!(provenance["bundles"]["echo"], json!({"revision": "echo@1.2.0"}));
}
