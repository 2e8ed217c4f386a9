use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::wire::{Connection, figure, get, logged, post, posted, task};
use crate::support::{Folder, Server, until};

const MS: fn(u64) -> Duration = Duration::from_millis;

const PATH: &str = "/v1/data/echo";

fn serving(limits: &str) -> Server {
    Server::with_config(&Folder::new(), &format!("timeout: 20s\nlimits: {{{limits}}}\n"), &[])
}

/// The diagnostic address.
fn diagnostics(server: &Server) -> SocketAddr {
    let line = server.logged("serving health and metrics");
    line["address"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap()
}

#[test]
fn incomplete_heads_are_cut_off_and_delay_no_other_client() {
    let server = serving("header-time: 1s");
    let mut slow: Vec<_> = (0..300)
        .map(|number| {
            let mut connection = Connection::to(&server);
            connection.send(if number % 2 == 0 { "" } else { "POST /v1/data/echo HTTP/1.1\r\nho" });
            connection
        })
        .collect();
    let mut dripping = slow.pop().unwrap();
    let started = Instant::now();
    while dripping.is_silent_for(MS(20)) && dripping.try_send("s").is_ok() {
        assert!(started.elapsed() < MS(20_000), "it drips on");
        post(&server, PATH, r#"{"input": 1}"#).expect(200);
    }
    for connection in slow {
        assert_eq!(connection.rest(), "");
    }
    until("all are counted", || {
        figure(&server, r#"policy_engine_connections_closed_total{reason="idle"}"#) == 300
    });
}

#[test]
fn idle_connection_is_closed_but_not_during_a_request() {
    let server = serving("idle-time: 500ms, header-time: 5m");
    let mut connection = Connection::to(&server);
    connection.get("/health").expect(200);
    connection.post("/v1/data/stress-blocking", &task("sleep", 1500)).expect(200);
    connection.get("/health").expect(200);
    assert_eq!(connection.rest(), "");

    // Half a head is nothing that was asked.
    let mut connection = Connection::to(&server);
    connection.get("/health").expect(200);
    connection.send("GET /health HT");
    assert_eq!(connection.rest(), "");
    let closed = r#"policy_engine_connections_closed_total{reason="idle"}"#;
    until("they are counted", || figure(&server, closed) == 2);
}

/// The idle time is longer than the default of HTTP libraries.
#[test]
fn connection_stays_open_for_the_whole_idle_time() {
    let server = serving("idle-time: 10m");
    let mut connection = Connection::to(&server);
    connection.get("/health").expect(200);
    assert!(connection.is_silent_for(MS(33_000)), "it was closed");
    connection.get("/health").expect(200);
}

#[test]
fn connections_above_the_limit_wait_but_not_diagnostics() {
    let folder = Folder::new();
    let config = "diagnostic-listen: \"127.0.0.1:0\"\nlimits: {connections: 2}\n";
    let server = Server::with_config(&folder, config, &[]);
    let mut both = [Connection::to(&server), Connection::to(&server)];
    for connection in &mut both {
        connection.get("/health").expect(200);
    }
    let mut third = Connection::to(&server);
    third.send("GET /health HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(third.is_silent_for(MS(500)));
    let diagnostics = diagnostics(&server);
    Connection::at(diagnostics).get("/health/ready").expect(200);
    Connection::at(diagnostics).get("/metrics").expect(200);
    Connection::at(diagnostics).post(PATH, "{}").expect(404);

    let [first, mut second] = both;
    drop(first);
    third.reply().expect(200);
    second.get("/health").expect(200);
}

#[test]
fn low_open_file_limit_leaves_files_for_diagnostics() {
    let mut command = Command::new("sh");
    let serve = r#"ulimit -n 160; exec "$0" serve --listen 127.0.0.1:0 --set diagnostic-listen=127.0.0.1:0"#;
    command.args(["-c", serve, env!("CARGO_BIN_EXE_stress-engine")]);
    let server = Server::from_command(command);
    server.logged(
        "`limits.connections` is 10000, but this process may open only 160 files: 80 connections \
         are accepted at a time. Raise the limit (`ulimit -n`, or `LimitNOFILE=` of systemd), or \
         lower `limits.connections`",
    );
    let silent: Vec<_> = (0..200).map(|_| Connection::to(&server)).collect();
    until("there are no more", || {
        logged(&server, "too many connections (`limits.connections`): the next ones wait")
    });
    let diagnostics = diagnostics(&server);
    let mut operators: Vec<_> = (0..50).map(|_| Connection::at(diagnostics)).collect();
    for operator in &mut operators {
        operator.get("/health/ready").expect(200);
        operator.get("/metrics").expect(200);
    }
    drop(silent);
    get(&server, "/health").expect(200);
    assert!(!logged(&server, "failed to accept connections"));
}

#[test]
fn oversized_head_gets_431() {
    let server = serving("");
    let many = "x-a: 1\r\n".repeat(200);
    let long = format!("x-a: {}\r\n", "a".repeat(100_000));
    for headers in [many, long] {
        let mut connection = Connection::to(&server);
        let _ = connection.try_send(format!("GET /health HTTP/1.1\r\nhost: a\r\n{headers}\r\n"));
        connection.reply().expect(431);
    }
    let mut connection = Connection::to(&server);
    let _ = connection.try_send(format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(66_000)));
    let status = connection.reply().status;
    assert!(matches!(status, 414 | 431), "{status}");
    get(&server, "/health").expect(200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = serving("");
    let mut connection = Connection::to(&server);
    let slow = posted("/v1/data/stress-blocking", &task("sleep", 200));
    let all: String = (1..=50).map(|n| posted(PATH, &format!(r#"{{"input": {n}}}"#))).collect();
    connection.send(slow + &all);
    connection.reply().expect(200);
    for number in 1..=50 {
        assert_eq!(connection.reply().expect(200).json()["result"], number);
    }
}

#[test]
fn malformed_http_is_refused_and_its_connection_closed() {
    let server = serving("");
    for garbage in [
        "\u{16}\u{3}\u{1}\0\u{5}\u{1}\0\0\u{1}\u{3}\u{3}",
        "EHLO example.com\r\n\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /v1/data/echo HTTP/1.1\r\ncontent-length: 1x\r\n\r\n{}",
        "POST /v1/data/echo HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "POST /v1/data/echo HTTP/1.1\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "GET /health HTTP/1.1\r\nbad header: 1\r\n\r\n",
        "GET /health HTTP/1.1\r\nx: a\0b\r\n\r\n",
    ] {
        let mut connection = Connection::to(&server);
        connection.send(garbage);
        let said = connection.rest();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 400 "), "{garbage:?}: {said}");
    }
    let mut connection = Connection::to(&server);
    connection.send(
        "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx\r\n",
    );
    connection.reply().expect(400);
    get(&server, "/health").expect(200);
}

#[test]
fn client_that_reads_no_responses_is_cut_off() {
    let server = serving("idle-time: 1s");
    let mut connection = Connection::to(&server);
    let large = r#"{"input": {"do": "large", "bytes": 20000000}}"#;
    for _ in 0..5 {
        connection.begin("/v1/data/stress", large);
    }
    until("it is asked", || {
        figure(&server, "policy_engine_decisions_total{id=\"stress\",outcome=\"allowed\"") > 0
    });
    until("it is closed", || figure(&server, "policy_engine_connections_open") == 1);
    let asked = figure(&server, "policy_engine_decisions_total{id=\"stress\",outcome=\"allowed\"");
    assert!(asked <= 2, "answers were made for nobody: {asked}");
    get(&server, "/health").expect(200);
}
