use serde_json::{Value, json};

use super::{assert_error, pod, reviewed, task};
use crate::support::{Folder, Server, until};

#[test]
fn body_that_is_no_admission_review_gets_422() {
    let server = Server::start(&[]);
    let (mut beta, mut other, mut empty) = (pod(), pod(), pod());
    beta["apiVersion"] = json!("admission.k8s.io/v1beta1");
    other["kind"] = json!("Pod");
    empty["request"] = Value::Null;
    for (body, message) in [
        (
            beta.to_string(),
            "the request's body is `AdmissionReview` of `admission.k8s.io/v1beta1`: expected \
             `AdmissionReview` of `admission.k8s.io/v1`",
        ),
        (
            other.to_string(),
            "the request's body is `Pod` of `admission.k8s.io/v1`: expected `AdmissionReview` of \
             `admission.k8s.io/v1`",
        ),
        (empty.to_string(), "the `AdmissionReview` has no `request`: expected one with a `uid`"),
        ("[]".to_owned(), "the request's body is not a JSON object: expected an `AdmissionReview`"),
        (String::new(), "the request's body is not a JSON object: expected an `AdmissionReview`"),
        (
            "{".to_owned(),
            "the request's body is not an `AdmissionReview`: EOF while parsing an object, at line \
             1 column 1",
        ),
    ] {
        for path in ["/validate/echo", "/audit/echo"] {
            let found = server.send("POST", path, &[], body.clone().into());
            assert_error(&found, 422, message);
        }
    }
    let found = server.post(
        "/validate/echo",
        &json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {},
        }),
    );
    assert_eq!(found.status, 422);
    assert!(found.text().contains("missing field `uid`"), "{}", found.text());
}

#[test]
fn unknown_policy_gets_404() {
    let server = Server::start(&[]);
    for (path, message) in [
        ("/validate/nothing", "no policy `nothing` is served; `/v1/policies` lists those that are"),
        ("/audit/echo/2", "policy `echo` is served, but not as version 2: it has 1.2.0"),
        (
            "/validate/echo/allowed",
            "no policy `echo/allowed` is served; `/v1/policies` lists those that are",
        ),
        ("/validate", "no policy is named; `/v1/policies` lists those that are served"),
        ("/audit/", "no policy is named; `/v1/policies` lists those that are served"),
    ] {
        assert_error(&server.post(path, &pod()), 404, message);
    }
    // A path that is wrong from its start is told in words that the API server passes on.
    let headers = [("user-agent", "kube-apiserver-admission")];
    let found = server.send("POST", "/validat/echo", &headers, pod().to_string().into());
    let message = "nothing is at `/validat/echo`; `/openapi.json` lists the paths";
    assert_error(&found, 404, message);
    let found = server.post("/validat/echo", &pod());
    assert_eq!((found.status, &found.json()["code"]), (404, &json!("resource_not_found")));
    assert_error(
        &server.post("/validate/%ff", &pod()),
        400,
        "the path is not UTF-8 once it is decoded",
    );
}

#[test]
fn other_methods_get_405() {
    let server = Server::start(&[]);
    for path in ["/validate/echo", "/audit/echo", "/validate"] {
        let found = server.get(path);
        assert_error(&found, 405, "the method is `GET`: expected POST");
        assert_eq!(found.header("allow"), "POST");
    }
}

#[test]
fn unreadable_bodies_get_the_status_of_their_cause() {
    let server = Server::start(&["--set", "limits.body=8KiB"]);
    let mut large = pod();
    large["request"]["object"]["data"] = json!("x".repeat(8 << 10));
    let message = "the request's body is larger than the limit of 8192 bytes";
    assert_error(&server.post("/validate/pod-security-baseline", &large), 413, message);
    let body = || pod().to_string().into_bytes();
    let send = |encoding| {
        let headers = [("content-encoding", encoding)];
        server.send("POST", "/validate/pod-security-baseline", &headers, body())
    };
    let message = "the request's `content-encoding` is `br`: expected `gzip` or none";
    assert_error(&send("br"), 415, message);
    assert_eq!(send("gzip").status, 400);
    assert_eq!(reviewed(&server, "/validate/pod-security-baseline", &pod())["allowed"], true);
}

#[test]
fn reviews_above_the_concurrency_limit_get_503_with_retry_after() {
    let folder = Folder::new();
    let yaml = "limits: {in-flight: 1, queue: 0}\npolicies: {stress-admission: {timeout: 5m}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let _looking = server.begin("/validate/stress-admission", &task(&json!({"do": "look"})));
    until("it is decided on", || server.metric("policy_engine_requests_in_flight") > 0.0);
    let found = server.post("/validate/stress-admission", &pod());
    assert_error(&found, 503, "too many requests in flight; retry later");
    assert_eq!(found.header("retry-after"), "1");
    // OPA's clients are told so in their words.
    let found = server.post("/v1/data/stress-admission", &json!({}));
    assert_eq!((found.status, found.header("retry-after")), (503, "1"));
    assert_eq!(found.json()["code"], "overloaded");
    assert_eq!(server.metric("policy_engine_requests_shed_total").to_string(), "2");
}

#[test]
fn skipped_policy_gets_503_with_retry_after() {
    let folder = Folder::new();
    let yaml =
        "policies: {tasks: {policy: stress-admission, settings: {refuse: true}}, echo: {}}\n";
    let server = Server::with_config(&folder, yaml, &["--skip-invalid"]);
    let found = server.post("/validate/tasks", &pod());
    assert_eq!((found.status, found.header("retry-after")), (503, "1"));
    let message = found.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("policy `tasks` is not served: "), "{message}");
}
