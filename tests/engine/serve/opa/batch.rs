use std::thread;
use std::time::Duration;

use serde_json::json;

use super::assert_error;
use crate::support::wire::{Connection, posted};
use crate::support::{Folder, Server};

#[test]
fn batch_status_is_200_207_or_500_by_its_results() {
    let server = Server::start(&[]);
    let (good, bad) = (json!({"do": "answer", "output": {"x": 1}}), json!({"do": "fail"}));
    let failed = json!({"code": "internal_error", "message": "policy `stress`: asked to fail"});
    let failed_beside = json!({
        "http_status_code": "500", "code": failed["code"], "message": failed["message"],
    });
    let good_beside = json!({"http_status_code": "200", "result": {"x": 1}});
    for (inputs, status, responses) in [
        (
            json!({"a": good, "b": good}),
            200,
            json!({"a": {"result": {"x": 1}}, "b": {"result": {"x": 1}}}),
        ),
        (json!({"a": good, "b": bad}), 207, json!({"a": good_beside, "b": failed_beside})),
        (json!({"a": bad, "b": bad}), 500, json!({"a": failed, "b": failed})),
        (json!({}), 200, json!({})),
    ] {
        let found = server.post("/v1/batch/data/stress", &json!({"inputs": inputs}));
        assert_eq!((found.status, found.json()), (status, json!({"responses": responses})));
    }
    let input = json!({"inputs": {"there": {"x": [7]}, "not": {}}});
    let found = server.post("/v1/batch/data/echo/1/x/0", &input);
    let responses = json!({"there": {"result": 7}, "not": {}});
    assert_eq!((found.status, found.json()), (200, json!({"responses": responses})));
}

#[test]
fn batch_of_more_than_10000_inputs_is_refused() {
    let server = Server::start(&[]);
    let inputs = |count: usize| -> serde_json::Map<_, _> {
        (0..count).map(|key| (key.to_string(), json!(key))).collect()
    };
    let most = server.post("/v1/batch/data/echo", &json!({"inputs": inputs(10_000)}));
    assert_eq!((most.status, &most.json()["responses"]["9999"]), (200, &json!({"result": 9999})));
    let more = server.post("/v1/batch/data/echo", &json!({"inputs": inputs(10_001)}));
    let message = "the request has 10001 inputs: expected at most 10000";
    assert_error(&more, 400, "invalid_parameter", message);
}

/// A batch has ten times the policy's timeout, from when its body is there.
#[test]
fn batch_whose_body_arrives_slowly_is_answered() {
    let server = Server::with_config(&Folder::new(), "timeout: 500ms\n", &[]);
    let mut connection = Connection::to(&server);
    let request = posted("/v1/batch/data/echo", r#"{"inputs":{"a":1}}"#);
    let (first, last) = request.split_at(request.len() - 1);
    connection.send(first);
    thread::sleep(Duration::from_millis(5500));
    connection.send(last);
    assert_eq!(connection.reply().expect(200).body, r#"{"responses":{"a":{"result":1}}}"#);
}

#[test]
fn batch_results_keep_the_order_of_their_inputs() {
    let server = Server::start(&[]);
    let body = br#"{"inputs":{"b":1,"a":2}}"#;
    let found = server.send("POST", "/v1/batch/data/echo", &[], body.into());
    assert_eq!(found.text(), r#"{"responses":{"b":{"result":1},"a":{"result":2}}}"#);
    let found = server.send("POST", "/v1/batch/data/echo?metrics", &[], body.into()).json();
    assert!(found["metrics"]["timer_rego_query_eval_ns"].as_u64() > Some(0), "{found}");
}

#[test]
fn malformed_batch_fails_as_a_whole() {
    let server = Server::start(&[]);
    for (body, why) in [
        (
            r#"{"inputs":{},"common_input":1}"#,
            "unknown field `common_input`, expected `inputs`, at line 1 column 27",
        ),
        (r#"{"inputs":{"a":1,"a":2}}"#, "the key `a` occurs twice, at line 1 column 23"),
        ("{}", "missing field `inputs`, at line 1 column 2"),
        (
            r#"{"inputs":[1]}"#,
            "expected an object of inputs by keys of your own, found an array, at line 1 \
             column 10",
        ),
    ] {
        let found = server.send("POST", "/v1/batch/data/echo", &[], body.into());
        let message = format!("the request's body is not what it should be: {why}");
        assert_error(&found, 400, "invalid_parameter", &message);
    }
}

#[test]
fn batch_for_an_unknown_policy_is_undefined_with_a_warning() {
    let server = Server::start(&[]);
    let found = server.post("/v1/batch/data/nothing", &json!({"inputs": {"a": 1, "b": 2}}));
    let message = "no policy `nothing` is served; `/v1/policies` lists those that are";
    assert_eq!(found.status, 200);
    assert_eq!(
        found.json(),
        json!({
            "responses": {"a": {}, "b": {}},
            "warning": {"code": "undefined", "message": message},
        })
    );
}
