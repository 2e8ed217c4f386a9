use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{UID, WHY, answering, bad_pod, denial, pod, reviewed, task};
use crate::support::{Folder, Server};

#[test]
fn pod_is_admitted_or_denied_with_the_reason() {
    let server = Server::start(&[]);
    for path in ["/validate/pod-security-baseline", "/audit/pod-security-restricted"] {
        assert_eq!(reviewed(&server, path, &pod()), json!({"uid": UID, "allowed": true}));
    }
    for path in [
        "/validate/pod-security-baseline",
        "/validate/pod-security-baseline/0.1/",
        "/validate/pod-security-baseline/0.1.0?timeout=10s",
        "/audit/pod-security-baseline/0",
    ] {
        let denied = json!({"uid": UID, "allowed": false, "status": denial(WHY, 403)});
        assert_eq!(reviewed(&server, path, &bad_pod()), denied, "{path}");
    }
    // What the policy looks at is the new object: of one that goes, there is none.
    let mut deletion = bad_pod();
    deletion["request"]["operation"] = json!("DELETE");
    deletion["request"]["oldObject"] = deletion["request"]["object"].take();
    let found = reviewed(&server, "/validate/pod-security-baseline", &deletion);
    assert_eq!(found, json!({"uid": UID, "allowed": true}));
}

#[test]
fn denial_carries_the_code_and_warnings_of_its_policy() {
    let server = Server::start(&[]);
    let output = json!({
        "allowed": false, "reason": "no team", "code": 451, "warnings": ["soon", "sooner"],
        "auditAnnotations": {"team": "none"},
    });
    assert_eq!(
        reviewed(&server, "/validate/stress-admission", &answering(&output)),
        json!({
            "uid": UID, "allowed": false, "status": denial("no team", 451),
            "warnings": ["soon", "sooner"], "auditAnnotations": {"team": "none"},
        })
    );
    let bare = reviewed(&server, "/validate/stress-admission", &answering(&json!(false)));
    assert_eq!(bare["status"], denial("policy `stress-admission` denies this", 403));
}

#[test]
fn patch_is_base64_of_a_json_patch() {
    let server = Server::start(&[]);
    let patch = json!([
        {"op": "add", "path": "/metadata/labels", "value": {"team~a": "grüezi"}},
        {"op": "remove", "path": "/spec/do"},
    ]);
    let output = json!({"allowed": true, "patch": patch, "warnings": ["changed"]});
    let found = reviewed(&server, "/validate/stress-admission", &answering(&output));
    assert_eq!((&found["allowed"], &found["warnings"]), (&json!(true), &json!(["changed"])));
    assert_eq!(decoded(found["patch"].as_str().unwrap()), patch);

    for patch in [
        json!({"op": "add"}),
        json!([{"op": "add", "path": "/metadata/labels"}]),
        json!([{"op": "move", "path": "/metadata/labels"}]),
    ] {
        let output = json!({"allowed": true, "patch": patch});
        let found = reviewed(&server, "/validate/stress-admission", &answering(&output));
        assert_eq!((&found["allowed"], &found["status"]["code"]), (&json!(false), &json!(500)));
    }
}

#[test]
fn invalid_warnings_and_annotations_are_cleaned_and_logged() {
    let server = Server::start(&[]);
    let output = json!({
        "allowed": true, "warnings": ["a\nb\u{1b}[31m"], "auditAnnotations": {"a/b": "1", "c": 2},
    });
    assert_eq!(
        reviewed(&server, "/validate/stress-admission", &answering(&output)),
        json!({
            "uid": UID, "allowed": true, "warnings": ["a b [31m"], "auditAnnotations": {"a_b": "1"},
        })
    );
    let logged = server.logged(
        "the output is not as an API server accepts it: `warnings[0]` has control characters: taken \
         out; `auditAnnotations` has a value that is no text: left out; `auditAnnotations` has a key \
         that is not made of up to 63 letters, digits, `-`, `_` and `.`, a letter or digit at either \
         end: changed to `_` where it has to be",
    );
    assert_eq!((&logged["id"], &logged["request_id"]), (&json!("stress-admission"), &json!(UID)));
}

/// Decodes with the `base64` program.
fn decoded(base64: &str) -> Value {
    use std::io::Write;
    let mut command = Command::new("base64");
    command.arg("--decode").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(base64.as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn policy_failures_deny_within_the_review() {
    let folder = Folder::new();
    let yaml = "\
policies:
  tasks: {policy: stress-admission}
  hasty: {policy: stress-admission, timeout: 50ms}
";
    let server = Server::with_config(&folder, yaml, &[]);
    for (asked, code, words) in [
        (
            task(&json!({"do": "look"})),
            504,
            "policy `hasty`: timed out: there was no answer within 50ms",
        ),
        (
            task(&json!({"do": "sleep", "ms": 300})),
            504,
            "policy `hasty`: timed out: there was no answer within 50ms",
        ),
        (
            task(&json!({"do": "panic"})),
            500,
            "policy `tasks`: the policy panicked: asked to panic, at ",
        ),
        (task(&json!({"do": "fail"})), 500, "policy `tasks`: asked to fail"),
        (task(&json!({"do": "rest"})), 422, "policy `tasks`: unknown variant `rest`, "),
        (pod(), 422, "policy `tasks`: missing field `do`"),
        (
            answering(&json!({"score": 7})),
            500,
            "policy `tasks` gave no verdict: expected a boolean, or an object with `allowed`",
        ),
    ] {
        let policy = if code == 504 { "hasty" } else { "tasks" };
        let found = reviewed(&server, &format!("/validate/{policy}"), &asked);
        assert_eq!((&found["allowed"], &found["status"]["code"]), (&json!(false), &json!(code)));
        let message = found["status"]["message"].as_str().unwrap();
        assert!(message.starts_with(words), "{message}");
    }
}

#[test]
fn review_uid_is_the_request_id_in_the_log() {
    let server = Server::start(&[]);
    reviewed(&server, "/validate/stress-admission", &task(&json!({"do": "fail"})));
    assert_eq!(server.logged("asked to fail")["request_id"], UID);
    // It comes back as it was, whatever is in it.
    let mut review = pod();
    review["request"]["uid"] = json!("\"\u{1}\\é\u{10ffff}");
    let found = server.post("/validate/pod-security-baseline", &review).json();
    assert_eq!(found["response"]["uid"], review["request"]["uid"]);
}

#[test]
fn reviewed_object_has_the_nesting_limit_of_any_input() {
    let server = Server::start(&[]);
    let mut review = pod();
    // Beneath `request`, `object` and the field itself.
    review["request"]["object"]["data"] = (0..97).fold(json!(1), |inner, _| json!([inner]));
    let found = reviewed(&server, "/validate/pod-security-baseline", &review);
    assert_eq!(found["allowed"], true);
    review["request"]["object"]["data"] = json!([review["request"]["object"]["data"]]);
    let found = reviewed(&server, "/validate/pod-security-baseline", &review);
    let message = found["status"]["message"].as_str().unwrap();
    assert!(message.contains("nested deeper than 100 levels"), "{message}");
    assert_eq!(found["status"]["code"], 422);
    // Also where it is not the policy that reads it first.
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let body =
        pod().to_string().replacen("{\"f:metadata\"", &format!("{deep},\"x\":{{\"f:metadata\""), 1);
    let found = server.send("POST", "/validate/pod-security-baseline", &[], body.into());
    assert!(found.status == 422 || found.json()["response"]["status"]["code"] == 422);
    assert_eq!(server.get("/health").status, 200);
}
