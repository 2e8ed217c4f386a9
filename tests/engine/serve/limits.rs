use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::wire::{Connection, figure, post, posted, task};
use crate::support::{Folder, Server, until};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// The paths of the OPA API and of the Kubernetes API.
const PATHS: [&str; 2] = ["/v1/data/echo", "/validate/echo"];

fn serving(limits: &str) -> Server {
    Server::with_config(&Folder::new(), &format!("timeout: 20s\nlimits: {{{limits}}}\n"), &[])
}

/// A body of this many bytes.
fn question(bytes: usize) -> String {
    let frame = r#"{"input": ""}"#.len();
    format!(r#"{{"input": "{}"}}"#, "x".repeat(bytes - frame))
}

fn chunked(path: &str, body: &str) -> String {
    let mut text = format!("POST {path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    for chunk in body.as_bytes().chunks(500) {
        let chunk = str::from_utf8(chunk).unwrap();
        write!(text, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
    }
    text + "0\r\n\r\n"
}

/// It is only watched: what it is not asked for, it does not decide.
#[test]
fn monitored_policy_admits_what_is_above_the_queue() {
    let yaml = "\
timeout: 20s
limits: {in-flight: 1, queue: 0}
policies: {slow: {policy: stress-blocking}, watched: {policy: echo, mode: monitor}}
";
    let server = Server::with_config(&Folder::new(), yaml, &[]);
    let mut first = Connection::to(&server);
    first.begin("/v1/data/slow", &task("sleep", 8000));
    until("one is decided on", || figure(&server, "policy_engine_requests_in_flight") == 1);
    let review = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1"}}"#;
    let admitted = post(&server, "/validate/watched", review).expect(200).json();
    assert_eq!(admitted["response"]["allowed"], true);
    let why = admitted["response"]["auditAnnotations"]["monitored-denial"].as_str().unwrap();
    assert!(why.contains("too many requests in flight"), "{why}");
    post(&server, "/audit/watched", review).expect(503);
    first.reply().expect(200);
}

#[test]
fn requests_above_the_queue_get_503_at_once() {
    let server = serving("in-flight: 1, queue: 1, queue-time: 25s");
    let (mut first, mut second) = (Connection::to(&server), Connection::to(&server));
    first.begin("/v1/data/stress-blocking", &task("sleep", 2000));
    until("one is decided on", || figure(&server, "policy_engine_requests_in_flight") == 1);
    second.begin(PATHS[0], r#"{"input": 2}"#);
    until("one waits", || figure(&server, "policy_engine_requests_queued") == 1);

    let third = post(&server, PATHS[0], r#"{"input": 3}"#).expect(503);
    assert_eq!(third.header("retry-after"), Some("1"));
    assert_eq!(
        third.body,
        r#"{"code":"overloaded","message":"too many requests in flight; retry later"}"#
    );
    let review = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1"}}"#;
    let fourth = post(&server, PATHS[1], review).expect(503);
    assert_eq!(fourth.header("retry-after"), Some("1"));
    assert_eq!(
        fourth.body,
        concat!(
            r#"{"apiVersion":"v1","kind":"Status","status":"Failure","message":"too many requests in "#,
            r#"flight; retry later","reason":"ServiceUnavailable","code":503}"#,
        )
    );
    assert!(second.is_silent_for(MS(1)), "the first has ended too early for this test");

    first.reply().expect(200);
    assert_eq!(second.reply().expect(200).json()["result"], 2);
    assert_eq!(figure(&server, "policy_engine_requests_shed_total"), 2);
    until("nobody is left", || {
        figure(&server, "policy_engine_requests_in_flight") == 0
            && figure(&server, "policy_engine_requests_queued") == 0
    });
}

#[test]
fn request_queued_beyond_queue_time_gets_503() {
    let server = serving("in-flight: 1, queue: 9, queue-time: 200ms");
    let mut first = Connection::to(&server);
    first.begin("/v1/data/stress-blocking", &task("sleep", 3000));
    until("one is decided on", || figure(&server, "policy_engine_requests_in_flight") == 1);
    let started = Instant::now();
    let second = post(&server, PATHS[0], r#"{"input": 2}"#).expect(503);
    assert!(started.elapsed() >= MS(200), "it did not wait");
    assert_eq!(second.header("retry-after"), Some("1"));
    assert!(first.is_silent_for(MS(1)), "the first has ended too early for this test");
    first.reply().expect(200);
    post(&server, PATHS[0], r#"{"input": 3}"#).expect(200);
}

#[test]
fn oversized_body_is_refused_in_every_encoding() {
    let server = serving("body: 1KiB");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(question(1025).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    assert!(gzip.len() < 1024);
    for (path, status) in [(PATHS[0], 400), ("/v0/data/echo", 400), (PATHS[1], 413)] {
        let mut inflated = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            gzip.len()
        )
        .into_bytes();
        inflated.extend(&gzip);
        for (what, request) in [
            ("by its length", posted(path, &question(1025)).into_bytes()),
            ("by its chunks", chunked(path, &question(1025)).into_bytes()),
            ("once it is inflated", inflated),
        ] {
            let mut connection = Connection::to(&server);
            connection.send(request);
            let reply = connection.reply().expect(status);
            let inflated = if what.ends_with("inflated") { " once it is inflated" } else { "" };
            let message =
                format!("the request's body is larger than the limit of 1024 bytes{inflated}");
            assert_eq!(reply.json()["message"], message, "{what}");
        }
    }
    for request in [posted(PATHS[0], &question(1024)), chunked(PATHS[0], &question(1024))] {
        let mut connection = Connection::to(&server);
        connection.send(request);
        connection.reply().expect(200);
    }
}

/// The response is sent before the body ends, and must not get lost.
#[test]
fn client_of_an_oversized_body_reads_the_413() {
    let server = serving("body: 1KiB");
    for _ in 0..20 {
        let mut connection = Connection::to(&server);
        let _ = connection.try_send(posted(PATHS[1], &question(4 << 20)));
        connection.reply().expect(413);
    }
}

#[test]
fn oversized_content_length_gets_413_before_the_body() {
    let server = serving("body: 1KiB");
    let mut connection = Connection::to(&server);
    connection
        .send("POST /validate/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n");
    connection.reply().expect(413);
}

#[test]
fn bodies_above_the_shared_memory_budget_get_503() {
    // Once all but a byte of each is there.
    const TAKEN: u64 = 149_999 + 699_999;
    let server = serving("body: 900KiB, bodies: 900KiB, body-time: 10m");
    let taken = || figure(&server, "policy_engine_requests_body_bytes");
    let [(first, rest), (other, _)] = [150_000, 700_000].map(|bytes| {
        let request = posted(PATHS[0], &question(bytes));
        let mut connection = Connection::to(&server);
        let (most, rest) = request.split_at(request.len() - 1);
        connection.send(most);
        (connection, rest.to_owned())
    });
    let mut first = first;
    until("both have their memory", || taken() >= TAKEN);
    for path in PATHS {
        let reply = post(&server, path, &question(80_000)).expect(503);
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(
            reply.json()["message"],
            "the request's body: the memory limit for request bodies (`limits.bodies`) is exhausted; retry later"
        );
        until("what was taken of it is given back", || taken() < TAKEN + 40_000);
    }
    // Small ones still fit.
    post(&server, PATHS[0], &question(1000)).expect(200);
    drop(other);
    until("the other's is given back", || taken() < 300_000);
    first.send(rest);
    first.reply().expect(200);
    // The answer's memory is given back when it is sent, which its reader may know first.
    until("all of it is given back", || taken() < 140_000);
    post(&server, PATHS[0], &question(80_000)).expect(200);
}

#[test]
fn trickling_body_times_out_and_delays_no_other_client() {
    let server = serving("body-time: 500ms, in-flight: 1, queue: 0");
    for path in PATHS {
        let mut slow = Connection::to(&server);
        slow.send(format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n"));
        let started = Instant::now();
        let mut trickled = 0;
        while slow.is_silent_for(MS(50)) && slow.try_send(" ").is_ok() {
            trickled += 1;
            assert!(started.elapsed() < MS(20_000), "it trickles on");
            post(&server, PATHS[0], r#"{"input": 1}"#).expect(200);
        }
        assert!(trickled > 1, "it was not let begin");
        let reply = slow.reply().expect(408);
        assert_eq!(reply.json()["message"], "the request's body did not arrive within 500ms");
    }
}

#[test]
fn expect_continue_gets_100_or_the_refusal() {
    let server = serving("body: 1KiB");
    let asking = |length: usize| {
        let mut connection = Connection::to(&server);
        connection.send(format!(
            "POST /validate/echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
             content-length: {length}\r\n\r\n"
        ));
        connection
    };
    let mut connection = asking(2);
    connection.reply().expect(100);
    connection.send("{}");
    connection.reply().expect(422);
    asking(1025).reply().expect(413);
}

#[test]
fn evaluation_is_cancelled_when_its_client_disconnects() {
    let server = serving("idle-time: 1m");
    for id in ["stress", "stress-blocking"] {
        let mut connection = Connection::to(&server);
        connection.begin(&format!("/v1/data/{id}"), &task("look", 0));
        until("it runs", || figure(&server, "policy_engine_requests_in_flight") == 1);
        let left = Instant::now();
        drop(connection);
        until("it ends", || figure(&server, "policy_engine_requests_in_flight") == 0);
        assert!(left.elapsed() < MS(15_000), "only its time ended it");
    }
    assert_eq!(figure(&server, "policy_engine_evaluations_stuck{id=\"stress\""), 0);
}

#[test]
fn abandoned_evaluation_holds_its_permit_until_it_ends() {
    let server = serving("in-flight: 1, queue: 0");
    // Work that has not begun when its client goes is left, and says nothing here.
    until("its place is kept", || {
        let mut connection = Connection::to(&server);
        connection.begin("/v1/data/stress-blocking", &task("sleep", 2000));
        until("it came in", || figure(&server, "policy_engine_requests_in_flight") == 1);
        thread::sleep(MS(100));
        drop(connection);
        // The one that asks for this is the other.
        until("it is gone", || figure(&server, "policy_engine_connections_open") == 1);
        post(&server, PATHS[0], r#"{"input": 1}"#).status == 503
    });
    until("it ends", || figure(&server, "policy_engine_requests_in_flight") == 0);
    post(&server, PATHS[0], r#"{"input": 1}"#).expect(200);
}
