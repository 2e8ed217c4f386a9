use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::wire::{Connection, figure};
use crate::support::{Folder, Server, until};

/// `echo` answers with its input, and `stress` does what the input says.
const CONFIG: &str = "\
timeout: 20s
max-stuck: 1
policies:
  a: {policy: echo, shadow: {policy: stress@0, settings: {refuse: false}, sample: 100%}}
  b: {policy: echo}
";

fn decided(server: &Server, outcome: &str, shadow: &str) -> f64 {
    server.metric(&format!(
        "policy_engine_shadow_decisions_total{{id=\"a\",outcome=\"{outcome}\",policy=\"echo\",\
         shadow=\"stress\",shadow_outcome=\"{shadow}\",shadow_version=\"0.1.0\",version=\"1.2.0\"}} "
    ))
}

fn shed(server: &Server, reason: &str) -> u64 {
    figure(
        server,
        &format!("policy_engine_shadow_shed_total{{id=\"a\",policy=\"echo\",reason=\"{reason}\""),
    )
}

/// An input that `echo` allows, and of which `stress` makes something else.
fn allowed(task: &Value) -> Value {
    let mut input = task.clone();
    input["allowed"] = true.into();
    json!({ "input": input })
}

#[test]
fn shadow_is_counted_and_logged_and_changes_no_answer() {
    let server = Server::with_config(&Folder::new(), CONFIG, &[]);
    let denial = json!({"allowed": false, "violations": [
        {"check": "ports", "field": "spec.ports", "message": "port 22 is open"},
    ]});
    let described = server.get("/v1/policies/a").json()["result"]["shadow"].take();
    assert_eq!(
        [&described["policy"], &described["version"], &described["sample"]],
        [&json!("stress"), &json!("0.1.0"), &json!("100%")]
    );
    assert!(described["settings_digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(server.get("/v1/policies/b").json()["result"]["shadow"], Value::Null);
    assert_eq!(decided(&server, "allowed", "denied").to_string(), "0", "it is there at once");
    for (shadow, times, task) in [
        ("allowed", 2, json!({"do": "answer", "output": {"allowed": true}})),
        ("denied", 5, json!({"do": "answer", "output": denial})),
        ("answered", 1, json!({"do": "answer", "output": 7})),
        ("invalid_input", 1, json!({"do": "nothing"})),
        ("failed", 1, json!({"do": "fail"})),
        ("panicked", 3, json!({"do": "panic"})),
    ] {
        for _ in 0..times {
            let input = allowed(&task);
            let reply = server.post("/v1/data/a", &input);
            assert_eq!((reply.status, &reply.json()["result"]), (200, &input["input"]), "{shadow}");
        }
        until(shadow, || decided(&server, "allowed", shadow).to_string() == times.to_string());
    }
    let examples = || {
        let mut lines = server.log_lines();
        lines.retain(|line| line["message"] == "the shadow decides otherwise");
        lines
    };
    let of = |outcome| examples().iter().filter(|line| line["shadow_outcome"] == outcome).count();
    // An example is logged after its decision is counted.
    until("the last example", || of("panicked") == 3);
    assert_eq!([of("allowed"), of("denied"), of("failed"), of("panicked")], [0, 3, 1, 3]);
    let examples = examples();
    let denied = examples.iter().find(|line| line["shadow_outcome"] == "denied").unwrap();
    for (name, value) in [
        ("id", "a"),
        ("policy", "echo"),
        ("version", "1.2.0"),
        ("shadow", "stress"),
        ("shadow_version", "0.1.0"),
        ("outcome", "allowed"),
        ("shadow_reasons", "spec.ports: port 22 is open"),
    ] {
        assert_eq!(denied[name], value, "{name}: {denied}");
    }
}

#[test]
fn example_names_the_declared_checks_and_the_decision_event() {
    let folder = Folder::new();
    let file = folder.path().join("decisions.jsonl");
    let yaml = format!(
        "policies: {{pods: {{policy: pod-security-baseline, shadow: pod-security-restricted}}}}\n\
         decision-log: {{to: {}, erase: [/input/metadata]}}\n",
        file.display()
    );
    let server = Server::with_config(&folder, &yaml, &[]);
    let container = json!({"name": "a", "securityContext": {
        "allowPrivilegeEscalation": false, "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]},
    }});
    let pod =
        json!({"kind": "Pod", "metadata": {"name": "secret"}, "spec": {"containers": [container]}});
    let answer = server.post("/v1/data/pods", &json!({"input": pod})).json();
    assert_eq!(answer["result"]["allowed"], true, "{answer}");
    let denial = json!({"input": {"kind": "Pod", "spec": {"hostNetwork": true}}});
    server.post("/v1/data/pods", &denial);
    let example = server.logged("the shadow decides otherwise");
    assert_eq!(example["shadow_checks"], "seccompProfile_restricted", "{example}");
    assert_eq!(example["decision_id"], answer["decision_id"]);
    // The words may quote what is erased.
    assert_eq!(example.get("shadow_reasons"), None, "{example}");
    server.signal("TERM");
    assert!(server.wait().success());
    let log = std::fs::read_to_string(&file).unwrap();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["custom"].get("checks"), None);
    assert_eq!(events[1]["custom"]["checks"], json!(["hostNamespaces"]));
}

#[test]
fn shadow_that_hangs_delays_no_answer_and_is_suspended() {
    let config = CONFIG.replace("timeout: 20s", "timeout: 2s");
    let server = Server::with_config(&Folder::new(), &config, &[]);
    let mut connection = Connection::to(&server);
    let mut ask = |input: Value| {
        let started = Instant::now();
        connection.post("/v1/data/a", &input.to_string()).expect(200);
        // `look` and `spin` take the shadow longer.
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    };
    let stuck = || server.metric("policy_engine_shadow_evaluations_stuck{id=\"a\"") > 0.0;
    ask(allowed(&json!({"do": "look"})));
    until("it timed out", || decided(&server, "allowed", "timed_out") > 0.0);
    // Where it has no processor for a while, it is stuck until it looks.
    until("it has ended", || !stuck());
    ask(allowed(&json!({"do": "spin", "ms": 5000})));
    until("it is stuck", stuck);
    assert_eq!(decided(&server, "allowed", "timed_out").to_string(), "2");
    ask(allowed(&json!({"do": "sleep", "ms": 1})));
    assert_eq!(shed(&server, "suspended"), 1);
    until("it ends", || !stuck());
    ask(allowed(&json!({"do": "sleep", "ms": 1})));
    until("it decides again", || decided(&server, "allowed", "allowed") > 0.0);
    assert_eq!(figure(&server, "policy_engine_evaluations_stuck{id=\"a\""), 0);
}

/// The memory of a shadow is its own: where it has none left, clients have all of theirs.
#[test]
fn shadow_takes_no_memory_of_clients_and_is_shed_without_its_own() {
    let config = format!("{CONFIG}limits: {{bodies: 64MiB, body: 1MiB, shadows: 3MiB}}\n");
    let config = config.replace("max-stuck: 1", "");
    let server = Server::with_config(&Folder::new(), &config, &[]);
    let filling = "x".repeat(900_000);
    let input = |task: Value| {
        let mut input = allowed(&task);
        input["input"]["filling"] = filling.as_str().into();
        input.to_string()
    };
    let mut connection = Connection::to(&server);
    let mut ask = |body: &str| drop(connection.post("/v1/data/a", body).expect(200));
    ask(&input(json!({"do": "sleep", "ms": 3000})));
    let held = || figure(&server, "policy_engine_shadow_memory_bytes");
    until("the shadow has decoded it", || held() > 1_800_000);
    for _ in 0..10 {
        ask(&input(json!({"do": "sleep", "ms": 0})));
    }
    assert!((1_800_000..=3 << 20).contains(&held()), "{}", held());
    assert!(figure(&server, "policy_engine_requests_body_bytes") < 1 << 20);
    // The first for want of memory, the others as it has to catch up.
    let (full, busy) = (shed(&server, "full"), shed(&server, "busy"));
    assert!(full > 0 && full + busy >= 8, "{full} {busy}");
    until("all are put", || held() == 0);
    assert!(decided(&server, "allowed", "allowed") > 0.0);
}

#[test]
fn reload_adds_and_removes_a_shadow() {
    let folder = Folder::new();
    let without = "policies: {a: {policy: echo}}\n";
    let server = Server::with_config(&folder, without, &[]);
    let shadow = || server.get("/v1/policies/a").json()["result"]["shadow"]["sample"].take();
    let load = |text: &str, expected: &Value| {
        std::fs::write(folder.path().join("config.yaml"), text).unwrap();
        server.signal("HUP");
        until("it is loaded", || shadow() == *expected);
    };
    load("policies: {a: {policy: echo, shadow: {policy: stress, sample: 50%}}}", &json!("50%"));
    load(CONFIG, &json!("100%"));
    server.post("/v1/data/a", &allowed(&json!({"do": "panic"})));
    until("it is asked", || decided(&server, "allowed", "panicked") > 0.0);
    load(without, &Value::Null);
    server.signal("TERM");
    assert!(server.wait().success());
}
