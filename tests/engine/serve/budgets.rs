use std::fs;

use serde_json::{Value, json};

use crate::support::{Folder, Server};

/// Far more than fits in any of the budgets here.
const MANY: u64 = 1_000_000_000;

/// Takes more processor time than the budget here, however fast and busy the machine is.
const LONG: u64 = 20_000_000;

fn allocate(bytes: usize, times: u64, look: bool) -> Value {
    json!({"input": {"do": "allocate", "bytes": bytes, "times": times, "look": look}})
}

fn over(server: &Server, id: &str, budget: &str) -> f64 {
    let series = format!("policy_engine_over_budget_total{{budget=\"{budget}\",id=\"{id}\"");
    server.metric(&series)
}

#[test]
fn evaluation_over_its_budget_gets_500_and_the_server_continues() {
    let folder = Folder::new();
    let log = folder.path().join("decisions.jsonl");
    let yaml = format!(
        "policies:\n  greedy: {{policy: stress, allocation-budget: 1MiB}}\n  \
         busy: {{policy: stress, cpu-budget: 20ms}}\n  free: {{policy: stress, cpu-budget: none}}\n\
         cpu-budget: 10s\ntimeout: 20s\ndecision-log: {}\n",
        log.display()
    );
    let server = Server::with_config(&folder, &yaml, &[]);
    // Whether it stops when it is told to, or goes on to the end.
    for (id, input, used) in [
        ("greedy", allocate(100_000, MANY, true), "the evaluation allocated 1"),
        ("greedy", allocate(100_000, 100, false), "the evaluation allocated 100"),
        ("busy", allocate(1, MANY, true), "the evaluation took "),
        ("busy", allocate(1, LONG, false), "the evaluation took "),
    ] {
        let found = server.post(&format!("/v1/data/{id}"), &input);
        let error = found.json();
        assert_eq!((found.status, &error["code"]), (500, &json!("over_budget")), "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("policy `{id}`: {used}")), "{message}");
        let setting = match id {
            "greedy" => {
                "bytes, more than its budget of 1048576; raise `allocation-budget`, or have the \
                 policy allocate less"
            }
            _ => {
                "of processor time, more than its budget of 20ms; raise `cpu-budget`, or have the \
                 policy do less"
            }
        };
        assert!(message.ends_with(setting), "{message}");
    }
    for id in ["greedy", "busy", "free"] {
        let found = server.post(&format!("/v1/data/{id}"), &allocate(1000, 10, false));
        assert_eq!(found.status, 200, "{id}: {}", found.text());
    }
    let counts =
        [("greedy", "allocation"), ("greedy", "cpu"), ("busy", "allocation"), ("busy", "cpu")]
            .map(|(id, budget)| over(&server, id, budget).to_string());
    assert_eq!(counts, ["2", "0", "0", "2"]);
    let outcome = "policy_engine_decisions_total{id=\"greedy\",outcome=\"over_budget\"";
    assert_eq!(server.metric(outcome).to_string(), "2");

    let policy = |id: &str| server.get(&format!("/v1/policies/{id}")).json()["result"].clone();
    let budgets = ["greedy", "busy", "free"].map(|id| {
        let policy = policy(id);
        (policy["allocation_budget"].clone(), policy["cpu_budget"].clone())
    });
    let expected = [(json!(1 << 20), json!("10s")), (json!(null), json!("20ms"))];
    assert_eq!(budgets, [&expected[..], &[(json!(null), json!(null))]].concat()[..]);

    server.signal("TERM");
    assert!(server.wait().success());
    let log = fs::read_to_string(&log).unwrap();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (failed, answered) = events.split_at(4);
    assert!(failed.iter().all(|event| event["error"]["code"] == "over_budget"), "{log}");
    for event in answered {
        let metrics = &event["metrics"];
        assert!(metrics["counter_policy_allocated_bytes"].as_u64() > Some(10_000), "{metrics}");
        let (cpu, wall) = (&metrics["timer_policy_cpu_ns"], &metrics["timer_rego_query_eval_ns"]);
        assert!(cpu.as_u64() > Some(0) && cpu.as_u64() < wall.as_u64(), "{metrics}");
    }
}

#[test]
fn memory_of_every_decision_and_processor_time_of_some_are_metrics() {
    let server = Server::start(&[]);
    for _ in 0..3 {
        server.post("/v1/data/stress", &allocate(50_000, 2, false));
    }
    let figure =
        |name: &str| server.metric(&format!("policy_engine_decision_{name}{{id=\"stress\""));
    assert_eq!(figure("allocated_bytes_count").to_string(), "3");
    assert!(figure("allocated_bytes_sum") >= 300_000.0);
    let sampled = figure("cpu_seconds_count");
    assert!((1.0..=3.0).contains(&sampled) && figure("cpu_seconds_sum") > 0.0, "{sampled}");
}
