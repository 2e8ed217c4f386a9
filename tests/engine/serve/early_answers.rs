use std::process::Command;

use crate::support::wire::{Connection, figure};
use crate::support::{Folder, Server, clients, node_modules, python, until};

const CLOSE: Option<&str> = Some("close");

fn with_tokens() -> (Folder, Server) {
    let folder = Folder::new().file("tokens", "secret\n");
    let tokens = folder.path().join("tokens");
    let server = Server::with_config(&folder, &format!("tokens: {}\n", tokens.display()), &[]);
    (folder, server)
}

fn runs(command: &mut Command) {
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "all is as it should be\n");
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn python_client_reads_responses_sent_before_its_body_ends() {
    let python = python();
    let (_folder, server) = with_tokens();
    let port = server.address().port().to_string();
    runs(Command::new(python.join("bin/python")).arg(clients().join("early.py")).arg(port));
}

#[test]
#[cfg_attr(not(has_node), ignore = "needs Node.js with npm")]
fn node_client_reads_responses_sent_before_its_body_ends() {
    let _ = node_modules();
    let (_folder, server) = with_tokens();
    runs(Command::new("node").arg(clients().join("early.js")).arg(server.url()));
}

#[test]
fn small_unread_body_is_drained_and_the_connection_kept() {
    let (_folder, server) = with_tokens();
    let mut connection = Connection::to(&server);
    for size in [1, 10_000, 250_000] {
        connection.send(format!(
            "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n"
        ));
        let reply = connection.reply().expect(401);
        assert_eq!(reply.header("connection"), None, "{reply:?}");
        connection.send("x".repeat(size));
        connection.get("/health").expect(200);
    }
}

#[test]
fn large_or_endless_unread_body_closes_the_connection() {
    let (_folder, server) = with_tokens();
    for (framing, rest) in [
        ("content-length: 99999999999\r\n", "x".repeat(5 << 20)),
        ("transfer-encoding: chunked\r\n", "10000\r\n".to_owned() + &"x".repeat(65536) + "\r\n"),
        ("content-length: 5\r\nexpect: 100-continue\r\n", String::new()),
    ] {
        let mut connection = Connection::to(&server);
        connection.send(format!("POST /v1/data/echo HTTP/1.1\r\nhost: a\r\n{framing}\r\n"));
        let reply = connection.reply().expect(401);
        assert_eq!(reply.header("connection"), CLOSE, "{framing}");
        // What is sent after that is taken as well, and nothing is said to it, nor is it reset.
        connection.send(&rest);
        assert_eq!(connection.rest(), "", "{framing}");
    }
    // What was sent before does not destroy the answer.
    for _ in 0..20 {
        let mut connection = Connection::to(&server);
        connection.send(
            "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n".to_owned()
                + &"x".repeat(3_000_000),
        );
        let reply = connection.reply().expect(401);
        assert_eq!(reply.header("connection"), CLOSE);
        assert_eq!(connection.rest(), "");
    }
}

/// Java's client offers HTTP/2 so.
#[test]
fn offered_upgrade_is_ignored() {
    let (_folder, server) = with_tokens();
    for _ in 0..20 {
        let mut connection = Connection::to(&server);
        connection.send(
            "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\
             content-length: 3000000\r\n\r\n"
                .to_owned()
                + &"x".repeat(3_000_000),
        );
        connection.reply().expect(401);
        assert_eq!(connection.rest(), "");
    }
}

/// A closing connection counts as open until a time limit.
#[test]
fn client_that_never_closes_is_cut_off() {
    let server = Server::start(&[]);
    let mut silent = Connection::to(&server);
    silent.send("POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n");
    silent.reply().expect(404);
    let open = || figure(&server, "policy_engine_connections_open");
    assert_eq!(open(), 2, "it is still there, beside the one that asks");
    until("it is closed", || open() == 1);
}

#[test]
fn response_refused_for_memory_is_counted_by_its_status() {
    let server = Server::with_config(&Folder::new(), "limits: {body: 1KiB, bodies: 32KiB}\n", &[]);
    let answers = |class: &str| {
        figure(&server, &format!("policy_engine_responses_total{{status=\"{class}\"}}"))
    };
    let before = answers("4xx");
    let reply = Connection::to(&server).get("/openapi.json").expect(413);
    assert_eq!(reply.json()["code"], "invalid_parameter");
    assert_eq!(answers("4xx"), before + 1);
}

#[test]
fn malformed_requests_are_counted() {
    let server = Server::start(&[]);
    let answers = || figure(&server, "policy_engine_responses_total{status=\"4xx\"}");
    let before = answers();
    for (request, status) in [
        ("GET / HTTP/1.1\r\nbad header: 1\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(70_000)), 431),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(65_535)), 431),
    ] {
        let mut connection = Connection::to(&server);
        connection.send(request);
        let reply = connection.reply().expect(status);
        assert_eq!(reply.header("connection"), CLOSE);
        assert_eq!(connection.rest(), "");
    }
    until("they are counted", || answers() == before + 3);
}
