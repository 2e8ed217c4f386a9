use std::process::Command;

use serde_json::json;

use crate::support::{Server, repository, until};

const CONTEXT: &[u8] = br#"{"input":{"do":"context"}}"#;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[test]
fn request_id_reaches_the_policy() {
    let server = Server::start(&[]);
    let [longest, too_long] = [128, 129].map(|length| "x".repeat(length));
    for (given, seen) in [("r-1", "r-1"), (&longest, &longest), (&too_long, "")] {
        let headers = [("x-request-id", given)];
        let found = server.send("POST", "/v1/data/stress/requestId", &headers, CONTEXT.into());
        assert_eq!(found.json(), json!({"result": seen}));
    }
    let found = server.send("POST", "/v1/data/stress/requestId", &[], CONTEXT.into());
    assert_eq!(found.json(), json!({"result": ""}));
    let remaining = json!({"input": {"do": "remaining"}});
    let left = server.post("/v1/data/stress/remainingMs", &remaining).json();
    assert!((1..=2000).contains(&left["result"].as_u64().unwrap()), "{left}");
}

#[test]
fn trace_continues_with_a_span_of_the_server() {
    let server = Server::start(&[]);
    let span = continue_trace(&server, "/v1/data/stress", r#"{"input": {"do": "fail"}}"#);
    let logged = server.logged("asked to fail").to_string();
    for told in [TRACE, PARENT, &span] {
        assert!(logged.contains(told), "{logged}");
    }
}

/// The stress engine has it, and most engines have not.
#[test]
fn trace_continues_without_the_feature_otlp() {
    let mut command = Command::new(repository().program());
    command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--log", "debug"]);
    let server = Server::from_command(command);
    let span = continue_trace(&server, "/v1/data/http-authz", r#"{"input": {}}"#);
    let logged = server.logged("answered").to_string();
    for told in [TRACE, PARENT, &span] {
        assert!(logged.contains(told), "{logged}");
    }
}

/// Asserts that each request has a span of its own in the client's trace. Returns the first.
fn continue_trace(server: &Server, path: &str, body: &str) -> String {
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let mut spans = Vec::new();
    for _ in 0..2 {
        let found = server.send("POST", path, &[("traceparent", &traceparent)], body.into());
        let echoed = found.header("traceparent").to_owned();
        let [version, id, span, flags] = echoed.split('-').collect::<Vec<_>>()[..] else {
            panic!("{echoed}");
        };
        assert_eq!((version, id, flags), ("00", TRACE, "01"));
        assert!(span.len() == 16 && span != PARENT, "{echoed}");
        spans.push(span.to_owned());
    }
    assert_ne!(spans[0], spans[1]);
    for other in ["", "00-0-0-00", "nonsense"] {
        let found = server.send("GET", "/health", &[("traceparent", other)], Vec::new());
        assert_eq!((found.status, found.header("traceparent")), (200, ""));
    }
    spans.swap_remove(0)
}

#[test]
fn debug_level_logs_each_request_without_its_input() {
    let server = Server::start(&["--log", "debug"]);
    server.get("/nothing");
    let answered = server.logged("answered");
    assert_eq!((&answered["level"], &answered["status"]), (&json!("DEBUG"), &json!(404)));
    let request = &answered["spans"][0];
    assert_eq!((&request["method"], &request["path"]), (&json!("GET"), &json!("/nothing")));
    // What is asked may be a secret.
    server.get("/v1/data/echo?input=%22hushhush%22");
    server.post("/v1/data/echo", &json!({"input": "hushhush"}));
    until("all are logged", || {
        server.log_lines().iter().filter(|line| line["message"] == "answered").count() == 3
    });
    assert!(!server.log_lines().iter().any(|line| line.to_string().contains("hushhush")));
}

#[test]
fn head_responses_are_get_responses_without_body() {
    let server = Server::start(&[]);
    for path in ["/v1/data/echo?input=1", "/v1/policies", "/health", "/metrics", "/openapi.json"] {
        let (head, get) = (server.send("HEAD", path, &[], Vec::new()), server.get(path));
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        // Figures are another size from one moment to the next.
        if path != "/metrics" {
            assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        }
    }
}

#[test]
#[cfg_attr(not(has_curl), ignore = "needs curl")]
fn head_responses_over_http2_have_no_body() {
    let server = Server::start(&[]);
    for path in ["/v1/data/echo?input=1", "/v1/policies", "/health"] {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--head", "--http2-prior-knowledge"]);
        let output = curl.arg(format!("{}{path}", server.url())).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{path}: {said}");
        let head = String::from_utf8(output.stdout).unwrap();
        let length = format!("content-length: {}\r\n", server.get(path).body.len());
        assert!(head.starts_with("HTTP/2 200") && head.contains(&length), "{path}: {head}");
    }
}

#[test]
fn unusual_request_targets_get_their_status() {
    let server = Server::start(&[]);
    for (head, statuses) in [
        (&b"GET /v1/data/echo?input=\xff HTTP/1.1"[..], ["400"].as_slice()),
        (b"GET /v1/data/\xff HTTP/1.1", &["400"]),
        (b"GET /v1/data/echo?other=\xff HTTP/1.1", &["200", "400"]),
        (b"GET /v1/data/%00 HTTP/1.1", &["200"]),
        (b"OPTIONS * HTTP/1.1", &["404"]),
        (b"GET http://elsewhere/v1/data/echo?input=1 HTTP/1.1", &["200"]),
        (b"nonsense", &["400"]),
    ] {
        let request = [head, b"\r\nhost: a\r\nconnection: close\r\n\r\n"].concat();
        let found = server.raw(&request);
        let status = found.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{}: {found}", String::from_utf8_lossy(head));
    }
    // A header's value may be any bytes; an id that is no text is none.
    let length = CONTEXT.len();
    let head = format!(
        "POST /v1/data/stress/requestId HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-length: {length}\r\nx-request-id: "
    );
    let found = server.raw(&[head.as_bytes(), b"\xff\xfe\r\n\r\n", CONTEXT].concat());
    assert!(found.ends_with("\r\n\r\n{\"result\":\"\"}"), "{found}");
    assert_eq!(server.get("/health").status, 200);
}
