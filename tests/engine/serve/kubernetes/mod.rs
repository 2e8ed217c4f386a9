//! `AdmissionReview` of `admission.k8s.io/v1`, as API servers send and read it.

/// Requests that get an error status instead of a review.
mod errors;
/// Denials in monitor mode.
mod monitor;
/// Reviews as an API server of Kubernetes 1.36 sent them.
mod recorded;
/// Decisions and failures of policies.
mod reviews;

use serde_json::{Value, json};

use crate::support::{HttpResponse, Server};

const UID: &str = "705ab4f5-6393-11e8-b7cc-42010a800002";
/// The reason of the baseline for the bad pod.
const WHY: &str = "spec.hostPID: `hostPID` is `true`: a pod may not share namespaces of the host";

/// A review of an update of a good pod.
fn pod() -> Value {
    serde_json::from_str(include_str!("review.json")).unwrap()
}

/// A review of an update of a bad pod.
fn bad_pod() -> Value {
    let mut review = pod();
    review["request"]["object"]["spec"]["hostPID"] = json!(true);
    review
}

/// The creation of a custom resource of which a policy of the stress engine does what it says.
fn task(spec: &Value) -> Value {
    let mut review = pod();
    let request = &mut review["request"];
    let kind = json!({"group": "stress.example.com", "version": "v1", "kind": "Task"});
    (request["kind"], request["requestKind"]) = (kind.clone(), kind);
    request["operation"] = json!("CREATE");
    request["oldObject"] = Value::Null;
    request["options"] = json!({"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"});
    request["object"] = json!({
        "kind": "Task", "apiVersion": "stress.example.com/v1", "metadata": {"name": "task"},
        "spec": spec,
    });
    review
}

/// A task that answers with this.
fn answering(output: &Value) -> Value {
    task(&json!({"do": "answer", "output": output}))
}

/// The response of the review that comes back, in which nothing is that `admission.k8s.io/v1` does
/// not know.
fn reviewed(server: &Server, path: &str, review: &Value) -> Value {
    let found = server.post(path, review);
    let mut review = found.json();
    assert_eq!(found.status, 200, "{review}");
    assert_eq!(found.header("content-type"), "application/json");
    let response = review["response"].take();
    let around = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": null,
    });
    assert_eq!(review, around);
    assert_eq!(response["uid"], UID);
    assert_typed(&response);
    response
}

/// Asserts the fields and types of Go's `AdmissionResponse` and `metav1.Status`.
fn assert_typed(response: &Value) {
    for (name, value) in response.as_object().unwrap() {
        let right = match name.as_str() {
            "uid" | "patch" => value.is_string(),
            "allowed" => value.is_boolean(),
            "patchType" => value == "JSONPatch",
            "warnings" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            "auditAnnotations" => {
                value.as_object().is_some_and(|all| all.values().all(Value::is_string))
            }
            "status" => value.as_object().is_some_and(|status| {
                status.iter().all(|(name, value)| match name.as_str() {
                    "message" => value.is_string(),
                    "code" => value.as_i64().is_some_and(|code| (400..600).contains(&code)),
                    "reason" => value == reason(&status["code"]),
                    _ => false,
                }) && status.contains_key("reason")
            }),
            _ => false,
        };
        assert!(right, "`{name}` in {response}");
    }
    assert_eq!(response.get("patch").is_some(), response.get("patchType").is_some());
}

/// The `StatusReason` of `meta/v1` for a code that is in these tests.
fn reason(code: &Value) -> &'static str {
    match code.as_u64().unwrap() {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 | 451 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Invalid",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        code => panic!("a reason for {code}"),
    }
}

/// A denial's.
fn denial(message: &str, code: u16) -> Value {
    json!({"message": message, "code": code, "reason": reason(&json!(code))})
}

/// An error of the server's own: a `Status`, as client-go reads one from a body.
fn assert_error(answer: &HttpResponse, code: u16, message: &str) {
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message,
        "reason": reason(&json!(code)), "code": code,
    });
    assert_eq!((answer.status, answer.json()), (code, expected));
    assert_eq!(answer.header("content-type"), "application/json");
}
