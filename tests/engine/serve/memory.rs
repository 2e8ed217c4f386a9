use std::fs;
use std::thread;

use crate::support::wire::{Connection, figure, post, posted};
use crate::support::{Folder, Server, until};

const MIB: u64 = 1 << 20;

/// The memory that a server may use beside its budget.
const BESIDE_BUDGET: u64 = 64 * MIB;

fn serving(limits: &str) -> Server {
    let config = format!("timeout: 2s\nlimits: {{{limits}}}\n");
    Server::with_config(&Folder::new(), &config, &[])
}

/// The most that the server has had in memory.
fn peak(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
    kilobytes << 10
}

/// An element over and over, between what stands before and after it.
fn many(before: &str, element: &str, after: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 64);
    text.push_str(before);
    while text.len() + element.len() + after.len() < bytes {
        text.push_str(element);
        text.push(',');
    }
    text.push_str(element);
    text.push_str(after);
    text
}

/// A text of numbered elements, of about this many bytes.
fn numbered(before: &str, element: impl Fn(usize) -> String, after: &str, bytes: usize) -> String {
    let mut text = before.to_owned();
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&element(number));
        text.push(',');
        number += 1;
    }
    text.push_str(&element(number));
    text.push_str(after);
    text
}

/// Requests that would take far more memory than they have bytes without metering.
fn worst(bytes: usize) -> Vec<(&'static str, String)> {
    const PODS: &str = "/v1/data/pod-security-restricted";
    const ECHO: &str = "/v1/data/echo";
    let pod = r#"{"input":{"kind":"Pod","spec":{"containers":["#;
    let early = r#"{"input":{"spec":{"containers":["#;
    let add = r#"{"input":{"kind":"Pod","spec":{"containers":[{"securityContext":{"capabilities":{"add":["#;
    let deep = "[".repeat(90);
    let mut all = vec![
        (PODS, many(pod, "{}", "]}}}", bytes)),
        (PODS, many(pod, r#"{"ports":[{}]}"#, "]}}}", bytes)),
        (PODS, many(pod, r#"{"securityContext":{"seccompProfile":{}}}"#, "]}}}", bytes)),
        (PODS, many(early, "{}", r#"]},"kind":"Pod"}}"#, bytes)),
        (PODS, many(add, r#""""#, "]}}}]}}}", bytes)),
        (PODS, many(r#"{"input":{"kind":"PodList","items":["#, "{}", "]}}", bytes)),
        ("/v1/data/stress", many(r#"{"input":{"do":"answer","output":["#, "{}", "]}}", bytes)),
        (ECHO, many(r#"{"input":["#, "\"\\n\"", "]}", bytes)),
        (ECHO, format!("{{\"input\":\"{}\"}}", "\\n".repeat(bytes / 2))),
        (ECHO, many(&format!("{{\"input\":{deep}"), "0", &("]".repeat(90) + "}"), bytes)),
        (ECHO, numbered(r#"{"input":{"#, |at| format!("\"{at}\":0"), "}}", bytes)),
        (
            "/v1/batch/data/pod-security-restricted",
            numbered(
                r#"{"inputs":{"#,
                |at| {
                    format!(
                        r#""{at}":{{"kind":"Pod","spec":{{"containers":[{{}},{{}},{{}},{{}}]}}}}"#
                    )
                },
                "}}",
                bytes.min(560_000),
            ),
        ),
        (
            "/v1/batch/data/echo",
            numbered(r#"{"inputs":{"#, |at| format!("\"{at}\":0"), "}}", bytes.min(85_000)),
        ),
        (
            "/validate/pod-security-restricted",
            many(
                r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE","object":{"kind":"Pod","spec":{"containers":["#,
                "{}",
                "]}}}}",
                bytes,
            ),
        ),
    ];
    for element in ["{}", "[]", "\"\"", "null", "0", r#"{"":[{}]}"#] {
        all.push((ECHO, many(r#"{"input":["#, element, "]}", bytes)));
        all.push((ECHO, many(r#"{"input":{"a":["#, element, "]}}", bytes)));
    }
    all
}

/// Asserts a status that is allowed under memory pressure.
#[track_caller]
fn expect_an_answer(path: &str, status: u16, body: &str) {
    assert!(matches!(status, 200 | 207 | 413 | 503 | 504), "{path}: {status} {body:.300}");
    assert!(status < 400 || body.contains("\"message\":\""), "{path}: {status} {body:.300}");
}

/// The limits are small, since debug builds are larger and slower.
#[test]
fn worst_case_requests_stay_within_the_memory_limit() {
    let server = serving("body: 1MiB, bodies: 32MiB, connections: 200");
    let requests = worst((1 << 20) - 100);
    let mut refused = 0;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|first| {
                let (server, requests) = (&server, &requests);
                scope.spawn(move || {
                    let own = requests.iter().skip(first).step_by(4);
                    own.map(|(path, body)| {
                        let reply = post(server, path, body);
                        expect_an_answer(path, reply.status, &reply.body);
                        if reply.status == 503 {
                            assert_eq!(reply.header("retry-after"), Some("1"), "{path}");
                        }
                        usize::from(matches!(reply.status, 413 | 503))
                    })
                    .sum::<usize>()
                })
            })
            .collect();
        refused = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    });
    assert!(refused > 3, "only {refused} were refused");
    assert!(peak(&server) < 32 * MIB + BESIDE_BUDGET, "{} MiB", peak(&server) / MIB);
    until("all of it is given back", || {
        figure(&server, "policy_engine_requests_body_bytes") < 256 << 10
    });
    post(&server, "/v1/data/echo", r#"{"input": 1}"#).expect(200);
}

#[test]
fn unread_responses_share_one_memory_budget() {
    let server = serving("body: 1MiB, bodies: 16MiB, connections: 200, idle-time: 1m");
    let body = many(r#"{"input":["#, "12345678901234567890", "]}", 1_000_000);
    let mut silent: Vec<Connection> = Vec::new();
    for _ in 0..40 {
        let mut connection = Connection::to(&server);
        // One that is refused need not be read to its end.
        drop(connection.try_send(posted("/v1/data/echo", &body)));
        silent.push(connection);
    }
    until("some are answered", || figure(&server, "policy_engine_requests_in_flight") == 0);
    assert!(peak(&server) < 16 * MIB + BESIDE_BUDGET, "{} MiB", peak(&server) / MIB);
    drop(silent);
    until("all of it is given back", || {
        figure(&server, "policy_engine_requests_body_bytes") < 256 << 10
    });
    post(&server, "/v1/data/echo", &body).expect(200);
}

/// The keys of many small inputs take more memory than their text.
#[test]
fn every_input_of_a_batch_counts_against_the_memory_budget() {
    let server = serving("bodies: 32MiB, queue: 0");
    let waits = r#"{"inputs":{"a":{"do":"sleep","ms":1500},"#;
    let body = numbered(waits, |at| format!("\"{at}\":0"), "}}", 88_000);
    let batches: Vec<Connection> = (0..110)
        .map(|_| {
            let mut connection = Connection::to(&server);
            connection.begin("/v1/batch/data/stress-blocking", &body);
            connection
        })
        .collect();
    until("there is no memory for more of them", || {
        figure(&server, "policy_engine_responses_total{status=\"5xx\"}") > 0
            || figure(&server, "policy_engine_requests_in_flight") == 110
    });
    assert!(peak(&server) < 32 * MIB + BESIDE_BUDGET, "{} MiB", peak(&server) / MIB);
    drop(batches);
    until("all of it is given back", || {
        figure(&server, "policy_engine_requests_body_bytes") < 256 << 10
    });
}

#[test]
fn request_that_never_fits_gets_413_instead_of_503() {
    let server = serving("body: 1MiB, bodies: 2MiB");
    let reply =
        post(&server, "/v1/data/echo", &many(r#"{"input":["#, "{}", "]}", 900_000)).expect(413);
    assert_eq!(
        reply.json()["message"],
        "policy `echo`: more memory is needed than the 2097152 bytes that all requests share \
         (`limits.bodies`)"
    );
    assert_eq!(reply.json()["code"], "invalid_parameter");
}

#[test]
fn array_is_refused_wherever_an_object_is_expected() {
    let server = serving("body: 1MiB");
    for (path, body) in [
        ("/v1/data/stress", r#"{"input": ["look"]}"#),
        ("/v1/data/pod-security-restricted", r#"{"input": ["Pod"]}"#),
        ("/v1/data/pod-security-restricted", r#"{"input": {"kind": "Pod", "spec": [[]]}}"#),
        (
            "/v1/data/pod-security-restricted",
            r#"{"input": {"spec": {"securityContext": []}, "kind": "Pod"}}"#,
        ),
    ] {
        let reply = post(&server, path, body).expect(400);
        assert!(reply.body.contains("found an array"), "{}", reply.body);
    }
    let review = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":["1"]}"#;
    let reply = post(&server, "/validate/pod-security-restricted", review).expect(422);
    assert!(
        reply.body.contains("expected an object, found an array, at line 1 column"),
        "{}",
        reply.body
    );
}
