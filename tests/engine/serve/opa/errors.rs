use serde_json::{Value, json};

use super::assert_error;
use crate::support::{Folder, Server, until};

#[test]
fn malformed_request_gets_400() {
    let server = Server::start(&[]);
    for (body, message) in [
        (
            &b"{\"input\":"[..],
            "the request's body is not what it should be: EOF while parsing a value, at line 1 \
             column 9",
        ),
        (b"[1]", "the request's body is not a JSON object such as `{\"input\": \u{2026}}`"),
        (
            b"{\"input\":1,\"input\":2}",
            "the request's body is not what it should be: duplicate field `input`, at line 1 \
             column 18",
        ),
        (
            b"{\"input\":\"\xff\"}",
            "the request's body is not what it should be: expected text in UTF-8, at line 1 \
             column 11",
        ),
        (
            b"{\"input\":1} {}",
            "the request's body is not what it should be: trailing characters, at line 1 column 13",
        ),
    ] {
        let found = server.send("POST", "/v1/data/echo", &[], body.into());
        assert_error(&found, 400, "invalid_parameter", message);
    }
    let found = server.send("POST", "/v0/data/echo", &[], b"{".into());
    let message = "the input is not JSON: EOF while parsing an object, at line 1 column 1";
    assert_error(&found, 400, "invalid_parameter", message);
}

#[test]
fn input_of_wrong_type_gets_400_with_its_position() {
    let server = Server::start(&[]);
    let found = server.post("/v1/data/stress", &json!({"input": {"do": "rest"}}));
    assert_eq!((found.status, &found.json()["code"]), (400, &json!("invalid_parameter")));
    let message = found.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("policy `stress`: unknown variant `rest`, "), "{message}");
    assert!(message.ends_with(", at `do` (line 1 column 12)"), "{message}");
}

#[test]
fn failing_or_panicking_policy_gets_500_and_the_server_continues() {
    let server = Server::start(&[]);
    let found = server.post("/v1/data/stress", &json!({"input": {"do": "fail"}}));
    assert_error(&found, 500, "internal_error", "policy `stress`: asked to fail");
    for path in ["/v1/data/stress", "/v1/data/stress-blocking", "/v1/data/stress/allowed"] {
        let found = server.post(path, &json!({"input": {"do": "panic"}}));
        assert_eq!((found.status, &found.json()["code"]), (500, &json!("internal_error")));
        let message = found.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("the policy panicked: asked to panic, at "), "{message}");
    }
    let logged = server.logged("asked to fail");
    assert_eq!((&logged["level"], &logged["policy"]), (&json!("WARN"), &json!("stress")));
    // In lines of JSON, whatever happens.
    assert!(server.log_lines().iter().all(Value::is_object), "{:?}", server.log_lines());
    until("the panics are logged", || {
        let panics = |line: &&Value| line.to_string().contains("the policy panicked: ");
        server.log_lines().iter().filter(panics).filter(|line| line["level"] == "ERROR").count()
            == 3
    });
    assert_eq!(server.post("/v1/data/echo", &json!({"input": 1})).json(), json!({"result": 1}));
}

#[test]
fn timed_out_policy_gets_504() {
    let folder = Folder::new();
    let yaml = "policies: {slow: {policy: stress, timeout: 50ms}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let message = "policy `slow`: timed out: there was no answer within 50ms";
    for input in [json!({"do": "look"}), json!({"do": "sleep", "ms": 300})] {
        let found = server.post("/v1/data/slow", &json!({"input": input}));
        assert_error(&found, 504, "internal_error", message);
    }
}

#[test]
fn write_methods_get_405_with_the_allowed_methods() {
    let server = Server::start(&[]);
    let message = "policies and their settings are part of this server and its configuration: \
                   nothing can be written here";
    for (method, path, allow) in [
        ("PUT", "/v1/data/echo", "GET, HEAD, POST"),
        ("PATCH", "/v1/data/echo", "GET, HEAD, POST"),
        ("DELETE", "/v1/data/echo/x", "GET, HEAD, POST"),
        ("PUT", "/v0/data/echo", "POST"),
        ("PUT", "/v1/policies/echo", "GET, HEAD"),
        ("DELETE", "/v1/policies/echo", "GET, HEAD"),
    ] {
        let found = server.send(method, path, &[], b"{}".into());
        assert_error(&found, 405, "invalid_operation", message);
        assert_eq!(found.header("allow"), allow, "{method} {path}");
    }
    for (method, path, allow) in [
        ("GET", "/v1/batch/data/echo", "POST"),
        ("GET", "/v0/data/echo", "POST"),
        ("POST", "/health", "GET, HEAD"),
    ] {
        let found = server.send(method, path, &[], Vec::new());
        let message = format!("the method is `{method}`: expected {allow}");
        assert_error(&found, 405, "invalid_operation", &message);
        assert_eq!(found.header("allow"), allow, "{method} {path}");
    }
}

#[test]
fn unknown_route_gets_404() {
    let server = Server::start(&[]);
    for path in ["/v1", "/v1/database", "/v1/query", "/v1/compile", "/data/echo"] {
        let message = format!("nothing is at `{path}`; `/openapi.json` lists the paths");
        for found in [server.get(path), server.post(path, &json!({"input": 1}))] {
            assert_error(&found, 404, "resource_not_found", &message);
        }
    }
    let found = server.post("/v1/data/%ff", &json!({}));
    let message = "the path is not UTF-8 once it is decoded";
    assert_error(&found, 400, "invalid_parameter", message);
}
