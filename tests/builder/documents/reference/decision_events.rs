use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Folder, Server, root};

/// Events of all kinds: of a trace, of a batch, of an error, redacted, by requests with ids of both kinds.
#[test]
fn page_of_the_decision_events_has_every_field() {
    let folder = Folder::new();
    let file = folder.path().join("decisions.jsonl");
    let yaml = format!(
        "policies: {{echo: {{}}, stress: {{}}, pod-security-baseline: {{}}}}\ndecision-log: {{to: {}, erase: [/input/a], mask: \
         {{/input/b: 1}}}}\n",
        file.display()
    );
    let server = Server::with_config(&folder, &yaml, &[]);
    let traced = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let input = json!({"input": {"a": 1, "b": 2, "allowed": true}}).to_string();
    for headers in [&traced[..], &[("x-request-id", "7")], &[("x-request-id", "a-7")]] {
        server.send("POST", "/v1/data/echo", headers, input.clone().into());
    }
    server.post("/v1/batch/data/echo", &json!({"inputs": {"a": 1}}));
    server.post("/v1/data/stress", &json!({"input": {"do": "fail"}}));
    let denied = json!({"input": {"kind": "Pod", "spec": {"hostNetwork": true}}});
    server.post("/v1/data/pod-security-baseline", &denied);
    server.signal("TERM");
    assert!(server.wait().success());

    let (mut found, mut custom) = (BTreeSet::new(), BTreeSet::new());
    for line in fs::read_to_string(file).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        found.extend(event.as_object().unwrap().keys().cloned());
        custom.extend(event["custom"].as_object().unwrap().keys().cloned());
    }
    let page = fs::read_to_string(root().join("docs/src/reference/decision-events.md")).unwrap();
    let (event, inner) = page.split_once("| field of `custom` |").unwrap();
    assert_eq!(listed(event), found);
    assert_eq!(listed(inner), custom);
}

/// The names in the first cells of a table's rows.
fn listed(text: &str) -> BTreeSet<String> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let names = cells.flat_map(|cell| cell.split(", "));
    names.map(|name| name.trim_matches('`').to_owned()).collect()
}
