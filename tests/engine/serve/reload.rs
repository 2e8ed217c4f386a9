use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};

use crate::support::wire::{Connection, figure, get, logged, post, task};
use crate::support::{Folder, Server, StopsOthers, until};

/// Makes the server load another file, and waits for the logged result.
pub(super) fn load(server: &Server, folder: &Folder, yaml: &str, outcome: &str) {
    let series = format!("policy_engine_reloads_total{{outcome=\"{outcome}\"}}");
    let before = figure(server, &series);
    fs::write(folder.path().join("config.yaml"), yaml).unwrap();
    server.signal("HUP");
    until("it is loaded", || figure(server, &series) == before + 1);
}

#[test]
fn no_request_is_lost_during_reloads() {
    let folder = Folder::new();
    let first = "policies: {echo: {}, old: {policy: echo}}\n";
    let second =
        "timeout: 1s\nlimits: {in-flight: 64}\npolicies: {echo: {}, new: {policy: echo}}\n";
    let server = Server::with_config(&folder, first, &[]);
    let (stop, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (server, stop, asked) = (&server, &stop, &asked);
                scope.spawn(move || {
                    let _stops = StopsOthers(stop);
                    let mut connection = Connection::to(server);
                    for number in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let input = format!("[{client},{number}]");
                        let body = format!(r#"{{"input": {input}}}"#);
                        let reply = connection.post("/v1/data/echo", &body).expect(200);
                        assert_eq!(reply.body, format!(r#"{{"result":{input}}}"#));
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let _stops = StopsOthers(&stop);
        for turn in 0..10 {
            let before = asked.load(Ordering::Relaxed);
            let config = if turn % 2 == 0 { second } else { first };
            load(&server, &folder, config, "ok");
            until("they go on", || {
                asked.load(Ordering::Relaxed) > before + 20
                    || clients.iter().any(ScopedJoinHandle::is_finished)
            });
        }
    });
    let series = "policy_engine_decisions_total{id=\"echo\",outcome=\"answered\"";
    assert_eq!(figure(&server, series), asked.load(Ordering::Relaxed));
    assert_eq!(figure(&server, "policy_engine_responses_total{status=\"5xx\"}"), 0);
    assert_eq!(figure(&server, "policy_engine_requests_in_flight"), 0);
}

#[test]
fn new_configuration_applies_as_a_whole() {
    let folder = Folder::new();
    let server = Server::with_config(
        &folder,
        "timeout: 20s\npolicies:\n  old: {policy: echo}\n  turned: {policy: stress}\n  \
         slow: {policy: stress}\nlimits: {body: 1KiB}\n",
        &[],
    );
    let denial = r#"{"input": {"do": "answer", "output": {"allowed": false}}}"#;
    let large = format!(r#"{{"input": "{}"}}"#, "x".repeat(2000));
    let denied = post(&server, "/v1/data/turned", denial).expect(200);
    assert_eq!(denied.body, r#"{"result":{"allowed":false}}"#);
    post(&server, "/v1/data/old", &large).expect(400);
    get(&server, "/v1/policies/old").expect(200);
    get(&server, "/v1/policies/new").expect(404);
    // One that is in flight ends by what it began with.
    let mut before = Connection::to(&server);
    before.begin("/v1/data/slow", &task("sleep", 1500));
    until("it is in flight", || figure(&server, "policy_engine_requests_in_flight") == 1);

    load(
        &server,
        &folder,
        "timeout: 20s\npolicies:\n  new: {policy: echo}\n  \
         turned: {policy: stress, mode: monitor}\n  slow: {policy: stress, timeout: 200ms}\n\
         limits: {body: 4KiB}\n",
        "ok",
    );
    get(&server, "/v1/policies/old").expect(404);
    post(&server, "/validate/old", "{}").expect(422);
    post(&server, "/v0/data/old", "{}").expect(404);
    let turned = post(&server, "/v1/data/turned", denial).expect(200).json();
    assert_eq!(turned["result"]["allowed"], true);
    assert_eq!(turned["warning"]["code"], "monitor");
    post(&server, "/v1/data/new", &large).expect(200);
    post(&server, "/v1/data/slow", &task("sleep", 600_000)).expect(504);
    before.reply().expect(200);
    assert!(logged(&server, "loaded the configuration"));
}

#[test]
fn new_limits_apply_to_later_requests_and_connections() {
    let folder = Folder::new();
    let config = "timeout: 20s\nlimits: {in-flight: 1, queue: 0}\n";
    let server = Server::with_config(&folder, config, &[]);
    let mut first = Connection::to(&server);
    first.begin("/v1/data/stress-blocking", &task("sleep", 4000));
    until("one is decided on", || figure(&server, "policy_engine_requests_in_flight") == 1);
    post(&server, "/v1/data/echo", "{}").expect(503);
    load(
        &server,
        &folder,
        "timeout: 20s\nlimits: {in-flight: 2, queue: 0, idle-time: 1s, header-time: 5m}\n",
        "ok",
    );
    post(&server, "/v1/data/echo", "{}").expect(200);
    first.reply().expect(200);
    let mut connection = Connection::to(&server);
    connection.get("/health").expect(200);
    assert_eq!(connection.rest(), "");
}

#[test]
fn invalid_configuration_is_rejected_with_every_error() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, "policies: {kept: {policy: echo}}\n", &[]);
    let wrong = "limits: {body: much}\ntimeout: -1s\npolicies:\n  other: {policy: eco}\n  \
                 worse: {policy: stress, settings: {refuse: true}}\n  \
                 worst: {policy: stress, settings: {panic: true}}\n";
    load(&server, &folder, wrong, "invalid");
    for mistake in [
        "line 1 column 16: `limits.body` is `much`: expected a number of bytes",
        "line 2 column 10: `timeout` is `-1s`: expected a duration",
        "line 4",
        "`refuse` is set: leave it out",
        "asked to panic over the settings",
    ] {
        until(mistake, || logged(&server, mistake));
    }
    let told: Vec<_> =
        server.log_lines().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(told.len(), 5, "{told:?}");
    for line in &told {
        let message = line["message"].as_str().unwrap();
        assert!(message.starts_with("the configuration is wrong, the former stays: "), "{message}");
    }
    for text in ["policies: {", "", "7"] {
        if text.is_empty() {
            fs::remove_file(folder.path().join("config.yaml")).unwrap();
            server.signal("HUP");
            let series = "policy_engine_reloads_total{outcome=\"invalid\"}";
            until("the file is missed", || figure(&server, series) == 3);
        } else {
            load(&server, &folder, text, "invalid");
        }
    }
    assert_eq!(figure(&server, "policy_engine_reloads_total{outcome=\"ok\"}"), 0);
    post(&server, "/v1/data/kept", r#"{"input": 1}"#).expect(200);
    get(&server, "/v1/policies/other").expect(404);
    get(&server, "/health/ready").expect(200);
    load(&server, &folder, "policies: {other: {policy: echo}}\n", "ok");
    get(&server, "/v1/policies/other").expect(200);
}

#[test]
fn changed_address_applies_at_the_next_start() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, "policies: {echo: {}}\n", &[]);
    load(
        &server,
        &folder,
        "policies: {new: {policy: echo}}\ndiagnostic-listen: \"127.0.0.1:0\"\n\
         unix-socket-mode: \"0666\"\n",
        "ok",
    );
    for name in ["diagnostic-listen", "unix-socket-mode"] {
        let warning = format!("`{name}` has changed: restart the server to apply it");
        until("it warns", || {
            server
                .log_lines()
                .iter()
                .any(|line| line["level"] == "WARN" && line["message"] == *warning)
        });
    }
    post(&server, "/v1/data/new", r#"{"input": 1}"#).expect(200);
    assert!(!logged(&server, "serving health and metrics"));
}

#[test]
fn changed_token_file_applies_without_a_signal() {
    let folder = Folder::new().file("tokens", "first\n");
    let path = folder.path().join("tokens");
    let server = Server::with_config(&folder, &format!("tokens: {}\n", path.display()), &[]);
    let status = |token: &str| {
        let mut connection = Connection::to(&server);
        connection.send(format!(
            "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
             content-length: 2\r\n\r\n{{}}"
        ));
        connection.reply().status
    };
    assert_eq!((status("first"), status("second")), (200, 401));
    fs::write(&path, "second\n").unwrap();
    until("the other is taken", || status("second") == 200);
    assert_eq!(status("first"), 401);

    // Who empties it wants nobody in, and who removes it may be about to write another.
    fs::remove_file(&path).unwrap();
    until("it is told", || logged(&server, "No such file or directory"));
    assert_eq!((status("first"), status("second")), (401, 200));
    fs::write(&path, "\n").unwrap();
    until("it is told", || logged(&server, "holds no token: expected one a line"));
    assert_eq!((status("first"), status("second")), (401, 401));
}
