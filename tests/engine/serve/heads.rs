use crate::support::wire::{Connection, Reply};
use crate::support::{Folder, Server};

fn serving() -> Server {
    Server::with_config(&Folder::new(), "policies: {echo: {}}\n", &[])
}

fn send_raw(server: &Server, request: &str) -> Reply {
    let mut connection = Connection::to(server);
    connection.send(request);
    connection.reply()
}

#[test]
fn request_without_exactly_one_valid_host_is_refused() {
    let server = serving();
    for (headers, message) in [
        ("", "the request has no `host` header: expected one"),
        ("host: a\r\nhost: a\r\n", "the request has 2 `host` headers: expected one"),
        ("host: a\r\nHost: b\r\n", "the request has 2 `host` headers: expected one"),
        ("host: a b\r\n", "the request's `host` header is not a host with or without a port"),
        ("host: a@b\r\n", "the request's `host` header is not a host with or without a port"),
        ("host: a:99999\r\n", "the request's `host` header is not a host with or without a port"),
    ] {
        for request in ["GET /health", "POST /v1/data/echo", "GET /nowhere", "GET http://a/health"]
        {
            let reply =
                send_raw(&server, &format!("{request} HTTP/1.1\r\n{headers}\r\n")).expect(400);
            assert_eq!(reply.json()["message"], message, "{request} {headers:?}");
        }
        let reply = send_raw(&server, &format!("POST /validate/echo HTTP/1.1\r\n{headers}\r\n"));
        assert_eq!(reply.expect(400).json()["message"], message);
    }
    for good in [
        "GET /health HTTP/1.1\r\nhost: a.example.com:8181\r\n\r\n",
        "GET /health HTTP/1.1\r\nhost: [::1]:8181\r\n\r\n",
        // As a client of a unix socket may have it.
        "GET /health HTTP/1.1\r\nhost:\r\n\r\n",
        "GET /health HTTP/1.0\r\n\r\n",
        // RFC 9112, 3.2.2: the header is ignored.
        "GET http://a/health HTTP/1.1\r\nhost: b\r\n\r\n",
        // RFC 9112, 2.2.
        "\r\nGET /health HTTP/1.1\nhost: a\n\n",
    ] {
        send_raw(&server, good).expect(200);
    }
}

#[test]
fn ambiguous_body_framing_is_refused() {
    let server = serving();
    let post = |framing: &str, body: &str| {
        let text = format!("POST /v1/data/echo HTTP/1.1\r\nhost: a\r\n{framing}\r\n{body}");
        let mut connection = Connection::to(&server);
        connection.send(text);
        let reply = connection.reply();
        // Whatever it took the rest for, it is not another request.
        (reply.status, reply.header("connection").map(str::to_owned), connection.rest())
    };
    let chunks = "c\r\n{\"input\": 1}\r\n0\r\n\r\n";
    let closed = |status| (status, Some("close".to_owned()), String::new());
    for coding in [
        "gzip, chunked",
        "chunked, chunked",
        "chunked\r\ntransfer-encoding: chunked",
        "xchunked, chunked",
    ] {
        assert_eq!(
            post(&format!("transfer-encoding: {coding}\r\n"), chunks),
            closed(501),
            "{coding}"
        );
    }
    for framing in [
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "content-length: 12\r\ncontent-length: 13\r\n",
        "content-length: 12, 12\r\n",
        "content-length: +12\r\n",
        "content-length: 0x0c\r\n",
        "content-length: -1\r\n",
        "content-length: 99999999999999999999\r\n",
        "content-length : 12\r\n",
        "content-length: 12\r\n x: folded\r\n",
        "content-length: 12\r\nx: a\rb\r\n",
        "x: a\0b\r\n",
        ": 1\r\n",
        "x\r\n",
    ] {
        assert_eq!(post(framing, "{\"input\": 1}"), closed(400), "{framing:?}");
    }
    for chunks in ["x\r\n", "1\r\n{x", &format!("0\r\n{}\r\n", "a: b\r\n".repeat(5_000))] {
        assert_eq!(post("transfer-encoding: chunked\r\n", chunks), closed(400), "{chunks:.20}");
    }
    let old = "POST /v1/data/echo HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(send_raw(&server, &format!("{old}{chunks}")).status, 400);

    // RFC 9112, 6.1: the chunks count, and the connection is closed.
    for framing in [
        "content-length: 3\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 3\r\n",
    ] {
        let smuggled = format!("{chunks}GET /v1/policies HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(post(framing, &smuggled), closed(200), "{framing:?}");
    }
    // Twice the same is once.
    let mut connection = Connection::to(&server);
    let twice = "content-length: 12\r\ncontent-length: 12\r\n";
    connection
        .send(format!("POST /v1/data/echo HTTP/1.1\r\nhost: a\r\n{twice}\r\n{{\"input\": 1}}"));
    connection.reply().expect(200);
    connection.get("/health").expect(200);
}

#[test]
fn malformed_chunks_are_refused() {
    let server = serving();
    for chunks in [
        "zz\r\nx\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "+2\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}xx0\r\n\r\n",
        "2;a\nb\r\n{}\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n{}",
    ] {
        let mut connection = Connection::to(&server);
        connection.send(format!(
            "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
        ));
        connection.reply().expect(400);
        assert_eq!(connection.rest(), "", "{chunks:?}");
    }
}

#[test]
fn stacked_content_encodings_are_refused() {
    let server = serving();
    for (headers, told) in [
        ("content-encoding: gzip, gzip\r\n", "gzip, gzip"),
        ("content-encoding: gzip\r\ncontent-encoding: gzip\r\n", "gzip, gzip"),
        ("content-encoding: identity\r\ncontent-encoding: br\r\n", "identity, br"),
    ] {
        for (path, status) in [("/v1/data/echo", 400), ("/validate/echo", 415)] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\n{headers}content-length: 2\r\n\r\n{{}}"
            );
            let message =
                format!("the request's `content-encoding` is `{told}`: expected `gzip` or none");
            assert_eq!(send_raw(&server, &request).expect(status).json()["message"], message);
        }
    }
    let plain = "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ncontent-encoding: identity\r\n\
                 content-encoding: identity\r\ncontent-length: 12\r\n\r\n{\"input\": 1}";
    send_raw(&server, plain).expect(200);
}

#[test]
fn http_1_0_connection_is_kept_alive_on_request() {
    let server = serving();
    let mut kept = Connection::to(&server);
    for _ in 0..3 {
        kept.send("GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
        assert_eq!(kept.reply().expect(200).header("connection"), Some("keep-alive"));
    }
    kept.send("GET /health HTTP/1.0\r\n\r\n");
    kept.reply().expect(200);
    assert_eq!(kept.rest(), "");
}

#[test]
fn expect_continue_is_not_confirmed_before_a_refusal() {
    let server = serving();
    for (path, status) in [("/nowhere", 404), ("/health", 405)] {
        let mut connection = Connection::to(&server);
        connection.send(format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        ));
        let reply = connection.reply().expect(status);
        assert_eq!(reply.header("connection"), Some("close"));
        assert_eq!(connection.rest(), "");
    }
}
