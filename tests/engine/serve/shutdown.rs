use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::wire::{Connection, figure, get, logged, post, task};
use crate::support::{Folder, PATIENCE, Server, stress_engine, until};

const MS: fn(u64) -> Duration = Duration::from_millis;

const IN_FLIGHT: &str = "policy_engine_requests_in_flight";

fn serving(config: &str) -> Server {
    Server::with_config(&Folder::new(), config, &[])
}

#[test]
fn shutdown_answers_all_requests_in_flight() {
    for signal in ["TERM", "INT"] {
        let server = serving("timeout: 20s\n");
        let mut asked: Vec<_> = ["stress", "stress-blocking"]
            .iter()
            .cycle()
            .take(6)
            .map(|id| {
                let mut connection = Connection::to(&server);
                connection.begin(&format!("/v1/data/{id}"), &task("sleep", 2000));
                connection
            })
            .collect();
        until("all are in flight", || figure(&server, IN_FLIGHT) == 6);
        let mut idle = Connection::to(&server);
        idle.get("/health").expect(200);
        server.signal(signal);
        assert_eq!(idle.rest(), "");
        until("nobody is let in", || TcpStream::connect(server.address()).is_err());
        for connection in &mut asked {
            let reply = connection.reply().expect(200);
            assert_eq!(reply.header("connection"), Some("close"), "{reply:?}");
        }
        assert_eq!(server.wait().code(), Some(0));
        until("it says so", || logged(&server, "\"message\":\"ended\""));
        for connection in asked {
            assert_eq!(connection.rest(), "");
        }
    }
}

#[test]
fn server_answers_but_is_not_ready_during_shutdown_wait() {
    let server = serving("shutdown: {wait: 3s}\n");
    let mut kept = Connection::to(&server);
    kept.get("/health/ready").expect(200);
    server.signal("TERM");
    until("it is not ready", || kept.get("/health/ready").status == 503);
    let told = Instant::now();
    // Whoever reloads it now comes too late.
    server.signal("HUP");
    kept.get("/health/live").expect(200);
    kept.get("/health").expect(200);
    kept.get("/health?bundles").expect(500);
    kept.post("/v1/data/echo", r#"{"input": 1}"#).expect(200);
    let ready = get(&server, "/health/ready").expect(503);
    assert_eq!(ready.json()["error"], "not ready: the server is ending, and takes no new requests");
    post(&server, "/v1/data/echo", r#"{"input": 1}"#).expect(200);
    assert!(told.elapsed() < MS(2500), "too slow for this test: {:?}", told.elapsed());
    assert_eq!(server.wait().code(), Some(0));
    assert!(told.elapsed() > MS(1500), "it did not wait: {:?}", told.elapsed());
}

#[test]
fn second_signal_ends_the_server_at_once() {
    for config in ["shutdown: {wait: 10m}\n", "shutdown: {grace: 10m}\ntimeout: 10m\n"] {
        let server = serving(config);
        let mut connection = Connection::to(&server);
        connection.begin("/v1/data/stress", &task("sleep", 600_000));
        until("it is in flight", || figure(&server, IN_FLIGHT) == 1);
        server.signal("TERM");
        until("it ends", || logged(&server, "\"message\":\"ending\""));
        thread::sleep(MS(100));
        server.signal("INT");
        assert_eq!(server.wait().code(), Some(1));
        until("it says so", || logged(&server, "told to end once more: ending at once"));
    }
}

#[test]
fn requests_beyond_the_grace_period_are_cut_off() {
    let server = serving("shutdown: {grace: 500ms}\ntimeout: 10m\n");
    let mut asked: Vec<_> = ["stress", "stress-blocking"]
        .map(|id| {
            let mut connection = Connection::to(&server);
            connection.begin(&format!("/v1/data/{id}"), &task("sleep", 600_000));
            connection
        })
        .into();
    until("they are in flight", || figure(&server, IN_FLIGHT) == 2);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(1));
    until("it says so", || {
        let lines = server.log_lines();
        let cut_off = "cut off: they had not ended within the grace period";
        lines.iter().any(|line| line["message"] == cut_off && line["connections"] == 2)
    });
    for connection in &mut asked {
        assert!(connection.try_reply().is_err());
    }
}

/// A response may take longer to send than a client without a request has.
#[test]
fn response_that_is_read_slowly_is_sent_to_its_end() {
    let server = serving(
        "timeout: 20s\nlimits: {body: 64MiB}\nshutdown: {grace: 1m}\npolicies: {echo: {}}\n",
    );
    let text = "x".repeat(32 << 20);
    let mut connection = Connection::to(&server);
    connection.begin("/v1/data/echo", &format!(r#"{{"input":"{text}"}}"#));
    let answered = "policy_engine_decisions_total{id=\"echo\",outcome=\"answered\"";
    until("it is answered", || figure(&server, answered) == 1);
    server.signal("TERM");
    let mut read = vec![0; 256 << 10];
    for _ in 0..50 {
        connection.read_exact(&mut read);
        thread::sleep(MS(100));
    }
    let rest = connection.rest();
    assert!(read.len() * 50 + rest.len() > text.len(), "{}", rest.len());
    assert!(rest.ends_with("xx\"}"));
    assert_eq!(server.wait().code(), Some(0));
}

/// Clients that send no request do not use up the grace period.
#[test]
fn silent_clients_do_not_delay_shutdown() {
    let server = serving("shutdown: {grace: 5m}\n");
    let silent = Connection::to(&server);
    let mut half = Connection::to(&server);
    half.send("GET /health HTTP/1.1\r\nho");
    until("they are let in", || figure(&server, "policy_engine_connections_open") == 3);
    server.signal("TERM");
    let told = Instant::now();
    assert_eq!(server.wait().code(), Some(0));
    assert!(told.elapsed() < MS(30_000), "{:?}", told.elapsed());
    drop((silent, half));
}

#[test]
fn stuck_policies_do_not_delay_shutdown() {
    for what in ["sleep", "spin"] {
        let server = serving("timeout: 200ms\nshutdown: {grace: 5m}\n");
        for id in ["stress", "stress-blocking"] {
            post(&server, &format!("/v1/data/{id}"), &task(what, 60_000)).expect(504);
        }
        let told = Instant::now();
        server.signal("TERM");
        assert_eq!(server.wait().code(), Some(0), "{what}");
        assert!(told.elapsed() < MS(20_000), "{what}: {:?}", told.elapsed());
    }
}

/// A server whose configuration is not written yet.
struct Starting {
    process: Child,
    folder: Folder,
}

impl Starting {
    /// Once it listens for signals.
    fn new() -> Self {
        let folder = Folder::new();
        let config = folder.path().join("config.yaml");
        // Who opens it to read waits for somebody to write.
        assert!(Command::new("mkfifo").arg(&config).status().unwrap().success());
        let process = stress_engine(&["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let starting = Self { process, folder };
        until("it listens for signals", || starting.listens_for(&[1, 2, 15]));
        starting
    }

    /// True if the process has handlers for all these signals, by `/proc`.
    fn listens_for(&self, signals: &[u32]) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        signals.iter().all(|signal| caught & (1 << (signal - 1)) != 0)
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// The exit code and the standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code(), said)
    }
}

#[test]
fn signal_during_startup_ends_the_server() {
    for signal in ["TERM", "INT"] {
        let starting = Starting::new();
        starting.signal(signal);
        let (code, said) = starting.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("shut down before the server was ready: ended"), "{said}");
    }
}

#[test]
fn reload_signal_during_startup_does_not_end_the_server() {
    let mut starting = Starting::new();
    starting.signal("HUP");
    fs::write(starting.folder.path().join("config.yaml"), "policies: {echo: {}}\n").unwrap();
    let mut log = BufReader::new(starting.process.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"message\":\"serving\"") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
    }
    starting.signal("TERM");
    assert_eq!(starting.process.wait().unwrap().code(), Some(0));
}

/// Connections that the system has accepted and the server has not, at the time of the signal.
#[test]
fn connections_in_the_accept_queue_are_answered_on_shutdown() {
    let folder = Folder::new();
    let socket = folder.path().join("s");
    let unix = format!("unix://{}", socket.display());
    let server = Server::with_config(&folder, "limits: {connections: 8}\n", &["--listen", &unix]);
    until("it listens", || socket.exists());
    server.signal("STOP");
    let asked: Vec<_> = (0..100)
        .map(|number| {
            let mut connection = Connection::to(&server);
            connection.begin("/v1/data/echo", &format!(r#"{{"input": {number}}}"#));
            connection
        })
        .collect();
    let mut over_unix = UnixStream::connect(&socket).unwrap();
    over_unix.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    server.signal("TERM");
    server.signal("CONT");
    for (number, mut connection) in asked.into_iter().enumerate() {
        assert_eq!(connection.reply().expect(200).json()["result"], number);
    }
    let mut answer = String::new();
    over_unix.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
    assert!(!socket.exists());
}

/// Whoever reads them may end before it.
#[test]
fn closed_log_pipe_does_not_end_the_server() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_stress-engine"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    drop(log);
    let line: Value = serde_json::from_str(&line).unwrap();
    let address = line["address"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut connection = Connection::at(address.parse().unwrap());
    for _ in 0..5 {
        connection.post("/v1/data/stress", &task("panic", 0)).expect(500);
        connection.post("/v1/data/echo", r#"{"input": 1}"#).expect(200);
    }
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

/// The response to one request over a unix socket.
fn request_over_unix(socket: &Path, method: &str, path: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn full_or_unread_log_delays_no_request() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    for log in [full(), Stdio::piped()] {
        let folder = Folder::new();
        let socket = folder.path().join("s");
        let listen = format!("unix://{}", socket.display());
        let mut command = stress_engine(&["serve", "--listen", &listen]);
        let mut server = command.stderr(log).stdout(Stdio::null()).spawn().unwrap();
        until("it listens", || socket.exists());
        until("it answers", || UnixStream::connect(&socket).is_ok());
        // Each of them is a line, and all of them more than a pipe holds.
        let inputs: Vec<_> = (0..2000).map(|key| format!(r#""{key}": {{"do": "fail"}}"#)).collect();
        let batch = format!(r#"{{"inputs": {{{}}}}}"#, inputs.join(","));
        let answer = request_over_unix(&socket, "POST", "/v1/batch/data/stress", &batch);
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(request_over_unix(&socket, "GET", "/health", "").starts_with("HTTP/1.1 200 "));
        let pid = server.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        until("it ends", || server.try_wait().unwrap().is_some());
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn policy_that_hangs_over_its_settings_delays_neither_requests_nor_shutdown() {
    let folder = Folder::new();
    let hangs = "timeout: 1s\npolicies: {echo: {}, stress: {settings: {hang: true}}}\n";
    let file = folder.path().join("config.yaml");
    let server = Server::with_config(&folder, "timeout: 1s\n", &[]);
    fs::write(&file, hangs).unwrap();
    server.signal("HUP");
    thread::sleep(MS(300));
    post(&server, "/v1/data/echo", r#"{"input": 1}"#).expect(200);
    for outcome in ["ok", "invalid"] {
        let series = format!("policy_engine_reloads_total{{outcome=\"{outcome}\"}}");
        assert_eq!(figure(&server, &series), 0, "it did not hang");
    }
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));

    // Also where it has not begun to serve.
    let starting = Starting::new();
    fs::write(starting.folder.path().join("config.yaml"), hangs).unwrap();
    thread::sleep(MS(300));
    starting.signal("TERM");
    let (code, said) = starting.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("shut down before the server was ready: ended"), "{said}");
}

#[test]
fn hanging_reload_does_not_delay_shutdown() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, "timeout: 1s\n", &[]);
    let file = folder.path().join("config.yaml");
    fs::remove_file(&file).unwrap();
    // Who opens it to read waits for somebody to write.
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    server.signal("HUP");
    thread::sleep(MS(300));
    get(&server, "/health").expect(200);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}
