use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{assert_error, nested};
use crate::support::Server;

const GZIP: (&str, &str) = ("content-encoding", "gzip");

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_request_bodies_are_read() {
    let server = Server::start(&["--set", "limits.body=64KiB"]);
    let ask = |body: &[u8]| server.send("POST", "/v1/data/echo", &[GZIP], body.to_vec());
    let asked = gzip(br#"{"input": [1]}"#);
    assert_eq!(ask(&asked).json(), json!({"result": [1]}));
    let shouted = [("content-encoding", "GZIP")];
    let found = server.send("POST", "/v1/data/echo", &shouted, asked.clone());
    assert_eq!((found.status, found.json()), (200, json!({"result": [1]})));
    let in_parts = [gzip(br#"{"input": "#), gzip(b"[1]}")].concat();
    assert_eq!(ask(&in_parts).json(), json!({"result": [1]}));

    let bomb = gzip(&vec![b' '; 16 << 20]);
    assert!(bomb.len() < 64 << 10);
    let message = "the request's body is larger than the limit of 65536 bytes once it is inflated";
    assert_error(&ask(&bomb), 400, "invalid_parameter", message);

    // The last four bytes are the size that is claimed, those before the checksum.
    for forged in [asked.len() - 1, asked.len() - 5] {
        let mut body = asked.clone();
        body[forged] ^= 0x55;
        let found = ask(&body);
        let message = found.json()["message"].as_str().unwrap().to_owned();
        let expected = "the request's body is not the gzip that `content-encoding` says: ";
        assert!(found.status == 400 && message.starts_with(expected), "{message}");
    }
    let found = ask(&asked[..asked.len() - 9]);
    assert_eq!((found.status, &found.json()["code"]), (400, &json!("invalid_parameter")));
    let found = server.send("POST", "/v1/data/echo", &[("content-encoding", "br")], asked);
    let message = "the request's `content-encoding` is `br`: expected `gzip` or none";
    assert_error(&found, 400, "invalid_parameter", message);
}

#[test]
fn response_is_compressed_if_accepted_and_large_enough() {
    let server = Server::start(&[]);
    // With `{"result":""}` around it: 1024 bytes.
    for (length, accept, compressed) in [
        (1011, "gzip", true),
        (1011, "deflate, gzip;q=0.5", true),
        (1010, "gzip", false),
        (1011, "gzip;q=0", false),
        (1011, "identity", false),
    ] {
        let body = json!({"input": "x".repeat(length)}).to_string();
        let accept = [("accept-encoding", accept)];
        let found = server.send("POST", "/v1/data/echo", &accept, body.into());
        assert_eq!(found.header("content-encoding") == "gzip", compressed, "{accept:?} {length}");
        let mut text = Vec::new();
        if compressed {
            GzDecoder::new(&*found.body).read_to_end(&mut text).unwrap();
        } else {
            text = found.body;
        }
        assert_eq!(text, format!(r#"{{"result":"{}"}}"#, "x".repeat(length)).into_bytes());
    }
}

#[test]
fn oversized_body_gets_400_in_the_opa_api() {
    let server = Server::start(&["--set", "limits.body=1KiB"]);
    let message = "the request's body is larger than the limit of 1024 bytes";
    let body = json!({"input": "x".repeat(1024)}).to_string();
    for path in ["/v1/data/echo", "/v0/data/echo", "/v1/batch/data/echo"] {
        let found = server.send("POST", path, &[], body.clone().into());
        assert_error(&found, 400, "invalid_parameter", message);
    }
    // In chunks, so that nobody says how much will come.
    let chunked = format!(
        "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\
         connection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let found = server.raw(chunked.as_bytes());
    assert!(found.starts_with("HTTP/1.1 400 ") && found.ends_with(&format!("{message}\"}}")));
    let fits = json!({"input": "x".repeat(1012)}).to_string();
    assert_eq!(fits.len(), 1024);
    assert_eq!(server.send("POST", "/v1/data/echo", &[], fits.into()).status, 200);
}

#[test]
fn input_may_be_nested_100_levels_deep() {
    let server = Server::start(&["--set", "timeout=1m"]);
    let v1 = |input: &str| {
        server.send("POST", "/v1/data/echo", &[], format!("{{\"input\":{input}}}").into())
    };
    let deepest = nested(100);
    for query in ["", "?pretty"] {
        let body = format!("{{\"input\":{deepest}}}");
        let found = server.send("POST", &format!("/v1/data/echo{query}"), &[], body.into());
        assert_eq!(found.status, 200);
        assert_eq!(found.text().replace([' ', '\n'], ""), format!("{{\"result\":{deepest}}}"));
    }
    let message = "policy `echo`: nested deeper than 100 levels, at line 1 column 101";
    assert_error(&v1(&nested(101)), 400, "invalid_parameter", message);
    // Deep enough to be the end of who goes down level by level.
    for levels in [100_000, 1_000_000] {
        let deep = nested(levels);
        assert_error(&v1(&deep), 400, "invalid_parameter", message);
        let bare = server.send("POST", "/v0/data/echo", &[], deep.clone().into());
        assert_error(&bare, 400, "invalid_parameter", message);
        let beside = format!("{{\"beside\":{deep},\"input\":1}}");
        let found = server.send("POST", "/v1/data/echo", &[], beside.into());
        assert_eq!(found.json(), json!({"result": 1}));
        let batch = format!("{{\"inputs\":{{\"a\":{deep}}}}}");
        let found = server.send("POST", "/v1/batch/data/echo", &[], batch.into());
        assert_eq!(
            (found.status, &found.json()["responses"]["a"]["message"]),
            (500, &json!(message))
        );
    }
    let deep = r#"{"a":"#.repeat(100_000);
    assert_eq!(v1(&deep).status, 400);
}

#[test]
fn last_value_of_a_duplicate_key_counts() {
    let server = Server::start(&[]);
    let body = br#"{"input":{"a":1,"a":2}}"#;
    let found = server.send("POST", "/v1/data/echo", &[], body.into());
    assert_eq!(found.json(), json!({"result": {"a": 2}}));
}

const YAML: (&str, &str) = ("content-type", "application/yaml");

#[test]
fn yaml_request_bodies_are_read() {
    let server = Server::start(&["--set", "limits.body=64KiB"]);
    let send = |kind: &str, path: &str, text: &str| {
        server.send("POST", path, &[("content-type", kind)], text.into())
    };
    let ask = |path: &str, text: &str| send("application/yaml", path, text);
    for kind in [
        "application/yaml",
        "text/yaml",
        "application/x-yaml; charset=utf-8",
        "application/openapi+yaml",
        "Text/X-YAML",
    ] {
        let found = send(kind, "/v1/data/echo", "input:\n  - a: &x yes\n    b: *x\n  - 0x10\n");
        assert_eq!(found.json(), json!({"result": [{"a": true, "b": true}, 16]}), "{kind}");
    }
    assert_eq!(ask("/v0/data/echo", "a: [1, x]\n").json(), json!({"a": [1, "x"]}));
    assert_eq!(ask("/v1/data/echo/a", r#"{"input": {"a": 1}}"#).json(), json!({"result": 1}));
    let batch = ask("/v1/batch/data/echo", "inputs:\n  one: 1\n  two: {a: 2}\n").json();
    let expected = json!({"one": {"result": 1}, "two": {"result": {"a": 2}}});
    assert_eq!(batch["responses"], expected);
    let compressed = [YAML, GZIP];
    let found = server.send("POST", "/v0/data/echo", &compressed, gzip(b"a: [1]\n"));
    assert_eq!(found.json(), json!({"a": [1]}));
    // Nothing is no input, as in JSON.
    for nothing in ["", "# nothing\n"] {
        let found = ask("/v1/data/echo", nothing).json();
        assert_eq!(found["warning"]["code"], "api_usage_warning", "{nothing:?}");
    }
    // What is said to be JSON, or nothing, is JSON.
    for kind in ["application/json", "text/plain"] {
        assert_eq!(send(kind, "/v0/data/echo", "a: 1\n").status, 400, "{kind}");
    }
}

#[test]
fn yaml_body_is_read_as_kubernetes_reads_it_within_the_json_limits() {
    let server = Server::start(&["--set", "limits.body=64KiB"]);
    let ask = |text: &str| server.send("POST", "/v0/data/echo", &[YAML], text.into());
    for text in ["a: !mine 1\n", "a: 1\na: 2\n", "a: [1\n", "a: 1\n---\nb: 2\n", "\u{0}"] {
        let found = ask(text);
        let error = found.json();
        assert_eq!((found.status, &error["code"]), (400, &json!("invalid_parameter")), "{error}");
        let message = error["message"].as_str().unwrap();
        let begins = "the request's body is not YAML as Kubernetes reads it: ";
        assert!(message.starts_with(begins), "{message}");
    }
    let found = server.send("POST", "/v0/data/echo", &[YAML], b"a: \xff\n".into());
    assert_eq!(found.status, 400);
    let too_large = format!("a: {}\n", "x".repeat(64 << 10));
    let message = "the request's body is larger than the limit of 65536 bytes";
    assert_error(&ask(&too_large), 400, "invalid_parameter", message);
    // Small as it comes, and large with its aliases.
    let bomb = format!("a: &a {}\nb: [*a, *a, *a, *a, *a]\n", "x".repeat(15 << 10));
    let message = "the request's body is larger than the limit of 65536 bytes once its aliases \
                   are expanded";
    assert_error(&ask(&bomb), 400, "invalid_parameter", message);
    let deep = ask(&nested(100));
    assert_eq!((deep.status, deep.text()), (200, nested(100)));
    assert_eq!(ask(&nested(101)).status, 400);
    assert_eq!(ask(&nested(20_000)).status, 400);
}
