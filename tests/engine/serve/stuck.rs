use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::wire::{Connection, figure, get, logged, post, task};
use crate::support::{Folder, Server, until};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// The figure of a policy that is served under its own name.
fn stuck(server: &Server, id: &str) -> u64 {
    figure(server, &format!("policy_engine_evaluations_stuck{{id=\"{id}\""))
}

fn count(server: &Server, id: &str, outcome: &str) -> u64 {
    let series = format!("policy_engine_decisions_total{{id=\"{id}\",outcome=\"{outcome}\"");
    figure(server, &series)
}

#[test]
fn overrunning_policy_gets_504_on_time_and_is_stuck_until_it_ends() {
    let policies = [("stress", "sleep"), ("stress", "spin")];
    let blocking = [("stress-blocking", "sleep"), ("stress-blocking", "spin")];
    for both in [policies, blocking] {
        thread::scope(|scope| {
            for (id, what) in both {
                scope.spawn(move || overruns(id, what));
            }
        });
    }
}

fn overruns(id: &str, what: &str) {
    let server = Server::start(&["--set", "timeout=300ms"]);
    let started = Instant::now();
    let reply = post(&server, &format!("/v1/data/{id}"), &task(what, 5000)).expect(504);
    let elapsed = started.elapsed();
    assert!(elapsed >= MS(300) && elapsed < MS(3000), "{id} {what}: {elapsed:?}");
    let reply = reply.json();
    assert_eq!(reply["code"], "internal_error");
    let message = format!("policy `{id}`: timed out: there was no answer within 300ms");
    assert_eq!(reply["message"], message);
    assert_eq!(count(&server, id, "timed_out"), 1);
    until("it is counted", || stuck(&server, id) == 1);
    get(&server, "/health").expect(200);
    post(&server, "/v1/data/echo", r#"{"input": 1}"#).expect(200);
    until("it ends", || stuck(&server, id) == 0);
    assert_eq!(figure(&server, "policy_engine_requests_in_flight"), 0);
}

/// The thread that wakes on an idle server also polls the sockets and timers.
#[test]
fn spinning_policy_on_an_idle_server_delays_no_other_request() {
    let server = Server::start(&["--set", "timeout=300ms"]);
    // Long enough for all its threads to sleep, and then also for those that look after them.
    for rest in [200, 1500, 200, 1500] {
        let mut connection = Connection::to(&server);
        connection.post("/v1/data/echo", r#"{"input": 1}"#).expect(200);
        thread::sleep(MS(rest));
        let started = Instant::now();
        connection.begin("/v1/data/stress", &task("spin", 4000));
        thread::sleep(MS(50));
        get(&server, "/health").expect(200);
        assert!(started.elapsed() < MS(1500), "health: {:?}", started.elapsed());
        connection.reply().expect(504);
        assert!(started.elapsed() < MS(2000), "the answer: {:?}", started.elapsed());
        until("it ends", || stuck(&server, "stress") == 0);
    }
    server.signal("TERM");
    assert!(server.wait().success());
}

#[test]
fn policy_at_max_stuck_is_suspended_until_one_call_ends() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, "timeout: 200ms\nmax-stuck: 2\n", &[]);
    let path = "/v1/data/stress-blocking";
    let mut both = [Connection::to(&server), Connection::to(&server)];
    for connection in &mut both {
        connection.begin(path, &task("sleep", 6000));
    }
    for connection in &mut both {
        connection.reply().expect(504);
    }
    until("both are stuck", || stuck(&server, "stress-blocking") == 2);

    let refused = post(&server, path, &task("sleep", 0)).expect(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(
        refused.json()["message"],
        "policy `stress-blocking`: 2 evaluations timed out and are still running; the policy is \
         suspended until one finishes"
    );
    let review = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE",
        "object": {}}}"#;
    let refused = post(&server, "/validate/stress-blocking", review).expect(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["code"], 503);
    get(&server, "/health").expect(200);
    get(&server, "/health/ready").expect(200);
    post(&server, "/v1/data/echo", r#"{"input": 1}"#).expect(200);
    post(&server, "/v1/data/stress", &task("sleep", 0)).expect(200);
    assert_eq!(stuck(&server, "stress-blocking"), 2, "they have ended too early for this test");
    assert_eq!(count(&server, "stress-blocking", "shed"), 2);

    until("one has ended", || post(&server, path, &task("sleep", 0)).status == 200);
    until("both have", || stuck(&server, "stress-blocking") == 0);
}

/// More requests than the concurrency limit arrive before the first one overruns.
#[test]
fn hanging_policy_takes_no_permits_of_other_policies() {
    let folder = Folder::new();
    let config = "timeout: 500ms\nmax-stuck: 2\nlimits: {in-flight: 4, queue: 0}\n";
    let server = Server::with_config(&folder, config, &[]);
    for id in ["stress-blocking", "stress"] {
        let mut hanging: Vec<_> = (0..4).map(|_| Connection::to(&server)).collect();
        for connection in &mut hanging {
            connection.begin(&format!("/v1/data/{id}"), &task("sleep", 600_000));
        }
        for connection in &mut hanging {
            connection.reply().expect(504);
        }
        until("all are stuck", || stuck(&server, id) == 4);
        post(&server, "/v1/data/echo", r#"{"input": 1}"#).expect(200);
        let refused = post(&server, &format!("/v1/data/{id}"), &task("sleep", 0)).expect(503);
        assert!(
            refused.body.contains("4 evaluations timed out and are still running"),
            "{refused:?}"
        );
    }
    assert_eq!(figure(&server, "policy_engine_requests_in_flight"), 0);
}

/// An API server of Kubernetes may have a shorter timeout than the policy.
#[test]
fn hanging_policy_counts_as_stuck_after_its_clients_disconnect() {
    let server = Server::start(&["--set", "timeout=1s", "--set", "max-stuck=2"]);
    for id in ["stress-blocking", "stress"] {
        // An evaluation that has not begun when its client goes is left, and not stuck.
        let are_stuck = || stuck(&server, id) == 2;
        let in_flight = || figure(&server, "policy_engine_requests_in_flight");
        until("two are stuck", || {
            let mut leaving = Connection::to(&server);
            leaving.begin(&format!("/v1/data/{id}"), &task("sleep", 600_000));
            until("it came in", || in_flight() == 1 || are_stuck());
            thread::sleep(MS(50));
            drop(leaving);
            until("it is given up", || in_flight() == 0);
            are_stuck()
        });
        post(&server, &format!("/v1/data/{id}"), &task("sleep", 0)).expect(503);
    }
    assert_eq!(figure(&server, "policy_engine_requests_in_flight"), 0);
}

#[test]
fn policy_that_checks_its_deadline_ends_on_time_and_is_not_stuck() {
    let server = Server::start(&["--set", "timeout=300ms"]);
    for id in ["stress", "stress-blocking"] {
        for _ in 0..5 {
            let started = Instant::now();
            post(&server, &format!("/v1/data/{id}"), &task("look", 0)).expect(504);
            assert!(started.elapsed() < MS(3000));
            assert_eq!(stuck(&server, id), 0);
        }
        assert_eq!(count(&server, id, "timed_out"), 5);
    }
    assert!(!logged(&server, "timed out on a thread"), "{:?}", server.log_lines());
}

#[test]
fn spinning_policy_does_not_delay_health() {
    let server = Server::start(&["--set", "timeout=500ms"]);
    let mut spins = Connection::to(&server);
    spins.begin("/v1/data/stress", &task("spin", 4000));
    let started = Instant::now();
    get(&server, "/health").expect(200);
    assert!(started.elapsed() < MS(1000), "{:?}", started.elapsed());
    spins.reply().expect(504);
    assert!(started.elapsed() < MS(2500), "{:?}", started.elapsed());
}

/// More policies than threads that read requests overrun for the first time.
#[test]
fn health_is_answered_while_policies_occupy_every_processor() {
    let processors = thread::available_parallelism().unwrap().get();
    let ids: Vec<_> = (0..=2 * processors).map(|number| format!("spin-{number}")).collect();
    let policies: Vec<_> = ids.iter().map(|id| format!("{id}: {{policy: stress}}")).collect();
    let config = format!("timeout: 2s\npolicies: {{{}}}\n", policies.join(", "));
    let server = Server::with_config(&Folder::new(), &config, &[]);
    let mut spinning: Vec<_> = ids
        .iter()
        .map(|id| {
            let mut connection = Connection::to(&server);
            connection.begin(&format!("/v1/data/{id}"), &task("spin", 5000));
            connection
        })
        .collect();
    until("all are decided on", || {
        figure(&server, "policy_engine_requests_in_flight") == u64::try_from(ids.len()).unwrap()
    });
    let started = Instant::now();
    for _ in 0..10 {
        let asked = Instant::now();
        get(&server, "/health").expect(200);
        assert!(asked.elapsed() < MS(1000), "{:?}", asked.elapsed());
        thread::sleep(MS(50));
    }
    for connection in &mut spinning {
        connection.reply().expect(504);
    }
    assert!(started.elapsed() < MS(8000), "{:?}", started.elapsed());
    for id in &ids {
        until("it is logged", || logged(&server, &format!("\"id\":\"{id}\"")));
    }
    for id in &ids {
        until("it has ended", || stuck(&server, id) == 0);
        post(&server, &format!("/v1/data/{id}"), &task("spin", 0)).expect(200);
    }
}

#[test]
fn policy_runs_on_blocking_threads_after_its_first_overrun() {
    let server = Server::start(&["--set", "timeout=300ms", "--set", "max-stuck=9"]);
    let overran = || {
        let lines = server.log_lines();
        let text = "the policy timed out on a thread that reads requests";
        lines.iter().filter(|line| line.to_string().contains(text)).count()
    };
    for _ in 0..3 {
        post(&server, "/v1/data/stress", &task("sleep", 600_000)).expect(504);
    }
    until("it is logged", || overran() > 0);
    assert_eq!(overran(), 1);
    post(&server, "/v1/data/stress-blocking", &task("sleep", 600_000)).expect(504);
    until("the other is counted", || stuck(&server, "stress-blocking") == 1);
    assert_eq!(overran(), 1, "it was on threads of its own");
}

#[test]
fn panic_fails_only_its_own_request() {
    let server = Server::start(&[]);
    thread::scope(|scope| {
        for id in ["stress", "stress-blocking"].repeat(4) {
            let server = &server;
            scope.spawn(move || {
                let mut connection = Connection::to(server);
                for number in 0..25 {
                    let path = format!("/v1/data/{id}");
                    let reply = connection.post(&path, &task("panic", 0)).expect(500);
                    let message = reply.json()["message"].as_str().unwrap().to_owned();
                    let expected = format!("policy `{id}`: the policy panicked: asked to panic");
                    assert!(message.starts_with(&expected), "{message}");
                    let body = format!(r#"{{"input": {number}}}"#);
                    let reply = connection.post("/v1/data/echo", &body).expect(200);
                    assert_eq!(reply.json()["result"], number);
                }
            });
        }
    });
    for id in ["stress", "stress-blocking"] {
        assert_eq!(count(&server, id, "panicked"), 100);
        assert_eq!(stuck(&server, id), 0);
        post(&server, &format!("/v1/data/{id}"), &task("sleep", 0)).expect(200);
        let is_told =
            |line: &&Value| line["level"] == "ERROR" && line["id"] == id && line["policy"] == id;
        // Lines come later than answers.
        until("all are logged", || server.log_lines().iter().filter(is_told).count() == 100);
    }
}

#[test]
fn deepest_input_is_read_on_every_kind_of_thread() {
    let config = "policies: {inline: {policy: echo}, apart: {policy: echo, blocking: true}}\n";
    let server = Server::with_config(&Folder::new(), config, &[]);
    for id in ["inline", "apart"] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let nested = |levels: usize| {
                let (open, close) = (open.repeat(levels), close.repeat(levels));
                let inmost = if open.starts_with('{') { "1" } else { "" };
                format!("{open}{inmost}{close}")
            };
            let deepest = nested(100);
            let reply = post(&server, &format!("/v0/data/{id}"), &deepest).expect(200);
            assert_eq!(reply.body, deepest);
            let body = format!(r#"{{"input": {deepest}}}"#);
            let reply = post(&server, &format!("/v1/data/{id}"), &body).expect(200);
            assert!(reply.body.contains(&deepest), "{reply:?}");
            for levels in [101, 10_000, 1_000_000] {
                let reply = post(&server, &format!("/v0/data/{id}"), &nested(levels)).expect(400);
                assert_eq!(reply.json()["code"], "invalid_parameter", "{levels}");
            }
        }
    }
}
