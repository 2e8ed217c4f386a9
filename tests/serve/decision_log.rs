use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Folder, Server};

#[test]
fn every_decision_that_was_answered_is_in_the_file_at_the_end_without_what_is_erased() {
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
    let of_batch: Vec<_> =
        events.iter().filter(|it| it["batch_decision_id"] == batch["batch_decision_id"]).collect();
    assert_eq!(of_batch.len(), 2);
}
