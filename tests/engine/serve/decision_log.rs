use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Folder, Server};

#[test]
fn every_answered_decision_is_logged_without_erased_fields() {
    let folder = Folder::new();
    let file = folder.path().join("decisions.jsonl");
    let yaml = format!(
        "policies: {{echo: {{}}, stress: {{}}, watched: {{policy: echo, mode: monitor}}}}\n\
         decision-log:\n  to: {}\n  labels: {{region: eu}}\n  erase: [/input/password]\n  \
         mask: {{/result/password: \"***\"}}\n",
        file.display()
    );
    let server = Server::with_config(&folder, &yaml, &[]);
    let mut answered = BTreeSet::new();
    let id = |answer: &Value| answer["decision_id"].as_str().unwrap().to_owned();
    for number in 0..50 {
        let input = json!({"input": {"number": number, "password": "hunter2"}});
        let answer = server.post("/v1/data/echo/number", &input).json();
        assert_eq!(answer["result"], number);
        answered.insert(id(&answer));
    }
    let failed = server.post("/v1/data/stress", &json!({"input": {"do": "fail"}})).json();
    let denied = server.post("/v1/data/watched", &json!({"input": {"allowed": false}})).json();
    assert_eq!(denied["result"], json!({"allowed": true}));
    let batch = server.post("/v1/batch/data/echo", &json!({"inputs": {"a": 1, "b": 2}})).json();
    answered.extend([id(&failed), id(&denied)]);
    answered.extend(["a", "b"].map(|key| id(&batch["responses"][key])));
    server.signal("TERM");
    assert!(server.wait().success());

    let log = fs::read_to_string(&file).unwrap();
    assert!(!log.contains("hunter2"), "{log}");
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().map(id).collect::<BTreeSet<_>>(), answered);
    assert_eq!(events.len(), answered.len());
    let event = |wanted: &Value| events.iter().find(|event| id(event) == id(wanted)).unwrap();
    let first = &events[0];
    assert_eq!(first["path"], "echo/number");
    assert_eq!(first["result"], json!({"number": 0, "password": "***"}));
    assert_eq!(
        (&first["erased"], &first["masked"]),
        (&json!(["/input/password"]), &json!(["/result/password"]))
    );
    assert_eq!(first["labels"]["region"], "eu");
    assert_eq!(event(&failed)["error"]["message"], "policy `stress`: asked to fail");
    let watched = event(&denied);
    assert_eq!(watched["result"], json!({"allowed": false}));
    assert_eq!(
        (&watched["custom"]["mode"], &watched["custom"]["verdict"]),
        (&json!("monitor"), &json!("denied"))
    );
    let of_batch: Vec<_> = events
        .iter()
        .filter(|event| event["batch_decision_id"] == batch["batch_decision_id"])
        .collect();
    assert_eq!(of_batch.len(), 2);
}

/// The decision log and the server log of the requests of `ask`, with these additional settings.
fn logged(settings: &str, ask: impl FnOnce(&Server)) -> (String, String) {
    let folder = Folder::new();
    let file = folder.path().join("decisions.jsonl");
    let yaml = format!(
        "policies: {{echo: {{}}, stress: {{}}, stress-admission: {{}}}}\ndecision-log:\n  to: {}\n{settings}",
        file.display()
    );
    let server = Server::with_config(&folder, &yaml, &["--log=debug"]);
    ask(&server);
    server.signal("TERM");
    assert!(server.wait().success());
    let log: Vec<_> = server.log_lines().iter().map(ToString::to_string).collect();
    let log = log.join("\n");
    (fs::read_to_string(&file).unwrap(), log)
}

#[test]
fn masked_fields_stay_hidden_in_every_encoding_and_endpoint() {
    let settings = "  mask: {/input/password: \"***\", /input/a~1b/0/~0: 1}\n  \
                    erase: [/input/users/*, /result, /input/request/object/data/*]\n";
    let (decisions, log) = logged(settings, |server| {
        let yaml = [("content-type", "application/yaml")];
        for input in [
            r#"{"password":"S3CRET"}"#,
            r#"{"p\u0061ssword":"S3CRET","password":["S3CRET"]}"#,
            r#"{"a\/b":[{"~":"S3CRET"}],"a\u002fb":{"0":{"~":"S3CRET"}}}"#,
            r#"{"users":{"S3CRET":1,"other":{"S3CRET":2}}}"#,
        ] {
            let encoded: Vec<_> = input.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let encoded = encoded.concat();
            assert_eq!(server.get(&format!("/v1/data/echo?input={encoded}")).status, 200);
            assert_eq!(server.send("POST", "/v0/data/echo", &[], input.into()).status, 200);
            // YAML has no key twice, however it is written.
            let found = server.send("POST", "/v0/data/echo", &yaml, input.into());
            let twice = input.contains("\\u");
            assert_eq!(found.status, if twice { 400 } else { 200 }, "{input}");
            let batch = format!(r#"{{"inputs":{{"a":{input}}}}}"#);
            assert_eq!(server.send("POST", "/v1/batch/data/echo", &[], batch.into()).status, 200);
        }
        let review = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {"uid": "1", "object": {
                "spec": {"do": "answer", "output": true}, "data": {"S3CRET": "S3CRET"},
            }},
        });
        assert_eq!(server.post("/validate/stress-admission", &review).status, 200);
    });
    assert!(!decisions.contains("S3CRET"), "{decisions}");
    assert!(!log.contains("S3CRET"), "{log}");
    assert!(decisions.contains(r#""erased":["/input/users/*","/result"]"#), "{decisions}");
    assert!(decisions.contains(r#""/input/request/object/data/*""#), "{decisions}");
    assert_eq!(decisions.lines().count(), 15);
}

#[test]
fn rejected_input_is_not_logged_when_a_mask_is_set() {
    let ask = |server: &Server| {
        let refused = server.post("/v1/data/stress", &json!({"input": {"do": "S3CRET"}}));
        let told = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(refused.status == 400 && told.contains("S3CRET"), "{told}");
        let missing = server.post("/v1/data/stress", &json!({"input": {"Do": "S3CRET"}}));
        assert_eq!(missing.status, 400);
    };
    let (decisions, log) = logged("  mask: {/input/do: \"***\"}\n", ask);
    assert!(!decisions.contains("S3CRET") && !log.contains("S3CRET"), "{decisions}{log}");
    assert_eq!(decisions.matches(r#""erased":["/input"]"#).count(), 2, "{decisions}");
    let (decisions, _) = logged("", ask);
    assert!(decisions.contains("S3CRET"), "{decisions}");
}

#[test]
fn policy_error_texts_stay_out_of_the_log_when_redaction_is_set() {
    let ask = |server: &Server| {
        for failing in ["panic", "fail"] {
            let found = server.post("/v1/data/stress", &json!({"input": {"do": failing}}));
            assert_eq!(found.status, 500);
        }
    };
    let (_, log) = logged("  erase: [/input/x]\n", ask);
    assert!(
        !log.contains("asked to") && log.matches("the reason is left out").count() == 2,
        "{log}"
    );
    let (_, log) = logged("", ask);
    assert!(log.matches("asked to").count() == 2 && !log.contains("left out"), "{log}");
}
