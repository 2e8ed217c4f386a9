use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Folder, Server, clients, python, until};

#[test]
fn every_decision_outcome_is_counted() {
    let folder = Folder::new();
    let yaml = "policies: {it: {policy: stress, timeout: 1s, max-stuck: 1}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let answer = |output: Value| json!({"do": "answer", "output": output});
    for (outcome, times, input, status) in [
        ("allowed", 3, answer(json!({"allow": true})), 200),
        ("denied", 2, answer(json!(false)), 200),
        ("answered", 1, answer(json!({"score": 7})), 200),
        ("invalid_input", 2, json!(7), 400),
        ("failed", 1, json!({"do": "fail"}), 500),
        ("panicked", 2, json!({"do": "panic"}), 500),
        ("timed_out", 1, json!({"do": "sleep", "ms": 60_000}), 504),
        ("shed", 2, json!({"do": "fail"}), 503),
    ] {
        let line = format!(
            "policy_engine_decisions_total{{id=\"it\",outcome=\"{outcome}\",policy=\"stress\",\
             version=\"0.1.0\"}} "
        );
        assert_eq!(server.metric(&line).to_string(), "0", "{outcome}");
        if outcome == "shed" {
            let stuck = "policy_engine_evaluations_stuck{id=\"it\"";
            until("it counts as stuck", || server.metric(stuck) > 0.0);
        }
        for _ in 0..times {
            assert_eq!(server.post("/v1/data/it", &json!({"input": input})).status, status);
        }
        assert_eq!(server.metric(&line).to_string(), times.to_string(), "{outcome}");
    }
    assert_eq!(server.metric("policy_engine_evaluations_stuck{id=\"it\"").to_string(), "1");
    // Whoever was answered took some time, and nobody else did.
    let (sum, count) =
        ("policy_engine_decision_seconds_sum", "policy_engine_decision_seconds_count");
    assert_eq!(server.metric(count).to_string(), "6");
    assert!(server.metric(sum) > 0.0);
}

#[test]
fn denials_are_counted_by_declared_check() {
    let folder = Folder::new();
    let yaml = "policies: {pods: {policy: pod-security-baseline}, stress: {}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let denials = |check: &str| {
        let line = format!(
            "policy_engine_check_denials_total{{check=\"{check}\",id=\"pods\",\
             policy=\"pod-security-baseline\",version=\"0.1.0\"}} "
        );
        server.metric(&line).to_string()
    };
    assert_eq!([denials("hostNamespaces"), denials("hostPorts")], ["0", "0"]);
    let pod = json!({"kind": "Pod", "spec": {"hostNetwork": true, "hostPID": true}});
    for _ in 0..2 {
        server.post("/v1/data/pods", &json!({"input": pod}));
    }
    // What a policy names and does not declare makes no series.
    let named = json!({"do": "answer", "output": {"allowed": false, "check": "made-up"}});
    server.post("/v1/data/stress", &json!({"input": named}));
    assert_eq!([denials("hostNamespaces"), denials("hostPorts")], ["2", "0"]);
    assert!(!server.get("/metrics").text().contains("made-up"));
}

#[test]
fn metrics_cover_decision_times_responses_and_the_process() {
    let server = Server::start(&[]);
    server.post("/v1/data/echo", &json!({"input": 1}));
    server.post("/v1/data/echo", &json!([]));
    server.get("/nothing");
    let text = server.get("/metrics").text();
    let bounds: Vec<f64> = text
        .lines()
        .filter(|line| line.starts_with("policy_engine_decision_seconds_bucket{id=\"echo\""))
        .map(|line| line.split("le=\"").nth(1).unwrap().split('"').next().unwrap())
        .map(|bound| bound.parse().unwrap())
        .collect();
    assert_eq!(
        (bounds[0].to_string(), bounds.last()),
        ("0.000001".to_owned(), Some(&f64::INFINITY))
    );
    assert!(bounds.is_sorted() && bounds.contains(&1e-5) && bounds.contains(&10.0), "{bounds:?}");
    for (line, least) in [
        (
            "policy_engine_decision_seconds_bucket{id=\"echo\",policy=\"echo\",version=\"1.2.0\",le=\"+Inf\"} ",
            1.0,
        ),
        ("policy_engine_responses_total{status=\"2xx\"} ", 2.0),
        ("policy_engine_responses_total{status=\"4xx\"} ", 2.0),
        ("policy_engine_connections_accepted_total ", 4.0),
        ("policy_engine_connections_open ", 1.0),
        ("process_resident_memory_bytes ", 1e6),
        ("process_open_fds ", 3.0),
        ("process_start_time_seconds ", 1.6e9),
    ] {
        let figure = server.metric(line);
        assert!(figure >= least, "{line}{figure}\n{text}");
    }
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn prometheus_parser_reads_the_metrics() {
    let python = python();
    let folder = Folder::new();
    let yaml = "policies: {it/self.x_y-z: {policy: echo}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    server.post("/v1/data/it/self.x_y-z", &json!({"input": true}));
    let found = server.get("/metrics");
    assert_eq!(found.header("content-type"), "text/plain; version=0.0.4");
    let text = folder.path().join("metrics.txt");
    std::fs::write(&text, &found.body).unwrap();
    let mut command = Command::new(python.join("bin/python"));
    command.arg(clients().join("prometheus.py")).stdin(std::fs::File::open(&text).unwrap());
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    let families: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(families["policy_engine_decisions"]["type"], "counter");
    assert_eq!(families["policy_engine_decision_seconds"]["type"], "histogram");
    assert_eq!(families["policy_engine_requests_in_flight"]["type"], "gauge");
    let labels = json!({
        "id": "it/self.x_y-z", "policy": "echo", "version": "1.2.0", "outcome": "allowed",
    });
    let samples = families["policy_engine_decisions"]["samples"].as_array().unwrap();
    assert!(samples.contains(&json!({"labels": labels, "value": 1})), "{samples:?}");
}
