use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::http2::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, RST_STREAM, SETTINGS, frame, head,
};
use crate::support::wire::{Connection, figure};
use crate::support::{Folder, PATIENCE, Server, clients, node_modules, python, until};

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

/// A request over HTTP/2, whose body is sent bit by bit.
struct Stream(TcpStream);

impl Stream {
    /// Sends the head of a request, with headers beside the usual ones, in HPACK.
    fn begin(server: &Server, headers: &[u8]) -> Self {
        let mut stream = Self(TcpStream::connect(server.address()).unwrap());
        stream.0.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = [&head("/v1/data/echo"), headers].concat();
        stream.send(PREFACE);
        stream.send(&frame(SETTINGS, 0, 0, &[]));
        stream.send(&frame(HEADERS, END_HEADERS, 1, &head));
        stream
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The kind of the response's next frame, and whether it is the last. `None` if none comes in time.
    fn next_frame(&mut self) -> Option<(u8, bool)> {
        loop {
            let mut header = [0; 9];
            self.0.read_exact(&mut header).ok()?;
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.0.read_exact(&mut payload).unwrap();
            let (kind, flags, is_of_stream) = (header[3], header[4], header[8] == 1);
            if is_of_stream && matches!(kind, HEADERS | DATA | RST_STREAM) {
                return Some((kind, flags & END_STREAM != 0 && kind != RST_STREAM));
            }
        }
    }

    /// The kinds of the frames of the response: all until its end, and those of the next 100 ms.
    fn response(&mut self) -> Vec<u8> {
        let mut kinds = Vec::new();
        while let Some((kind, is_last)) = self.next_frame() {
            kinds.push(kind);
            if is_last {
                self.0.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            }
        }
        kinds
    }

    /// The kinds of the frames of the response, until its stream is reset.
    fn response_until_reset(&mut self) -> Vec<u8> {
        let mut kinds = Vec::new();
        while let Some((kind, _)) = self.next_frame() {
            kinds.push(kind);
            if kind == RST_STREAM {
                break;
            }
        }
        kinds
    }
}

#[test]
fn small_body_over_http2_is_drained_before_the_response() {
    let (_folder, server) = with_tokens();
    let mut stream = Stream::begin(&server, &[]);
    std::thread::sleep(Duration::from_millis(100));
    stream.send(&frame(DATA, 0, 1, b"12"));
    stream.send(&frame(DATA, END_STREAM, 1, b"345"));
    assert_eq!(stream.response(), [HEADERS, DATA], "it is not reset");
}

#[test]
fn large_or_late_body_over_http2_is_not_waited_for() {
    let (_folder, server) = with_tokens();
    let content_length = |length: &str| {
        let mut header = vec![0x0f, 28 - 15, u8::try_from(length.len()).unwrap()];
        header.extend(length.as_bytes());
        header
    };
    let answered_within = |header: &[u8]| {
        let started = Instant::now();
        let mut stream = Stream::begin(&server, header);
        assert_eq!(stream.response_until_reset(), [HEADERS, DATA, RST_STREAM]);
        started.elapsed()
    };
    // To wait for it takes a second each time. A busy machine takes as long now and then.
    let large = content_length("99999999");
    let is_quick = || answered_within(&large) < Duration::from_millis(900);
    assert!((0..10).any(|_| is_quick()), "a large body is waited for");
    for header in [content_length("5"), Vec::new()] {
        let elapsed = answered_within(&header);
        assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
    }
}

/// curl 7.88 takes a stream that is reset after its response for an error, as often as not.
#[test]
#[cfg_attr(not(has_curl), ignore = "needs curl")]
fn curl_reads_responses_over_http2_that_do_not_need_its_body() {
    let (folder, server) = with_tokens();
    let url = format!("{}/v1/data/echo", server.url());
    for (size, times) in [(10, 20), (200_000, 20)] {
        let body = folder.path().join("body");
        std::fs::write(&body, "x".repeat(size)).unwrap();
        for _ in 0..times {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]);
            curl.args(["--http2-prior-knowledge", "--data-binary"]);
            let output = curl.arg(format!("@{}", body.display())).arg(&url).output().unwrap();
            let status = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!((output.status.code(), status.as_str()), (Some(0), "401"), "{size}");
        }
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
