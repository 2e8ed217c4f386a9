//! Reviews that an API server sent for a bad pod and for other objects created by `kubectl`:
//! k8s.io/apiserver 1.36 with the Pod Security baseline only watched, as the decision log had it.
//! The webhook matched every operation on every resource and subresource.

use serde_json::Value;

use super::denial;
use crate::support::Server;

/// `OPERATION RESOURCE[/SUBRESOURCE]`, and the fields that keep it from being allowed.
const EXPECTED: &[(&str, &[&str])] = &[
    ("CREATE pods", &["spec.hostNetwork"]),
    // Its label, then its finalizer.
    ("UPDATE pods", &[]),
    ("UPDATE pods", &[]),
    ("UPDATE pods/status", &[]),
    // Its image.
    ("UPDATE pods", &["spec.hostNetwork"]),
    // `kubectl debug`, with a restricted container and with a privileged one.
    ("UPDATE pods/ephemeralcontainers", &["spec.hostNetwork"]),
    (
        "UPDATE pods/ephemeralcontainers",
        &["spec.hostNetwork", "spec.ephemeralContainers[1].securityContext.privileged"],
    ),
    ("CONNECT pods/exec", &[]),
    ("CREATE pods/binding", &[]),
    ("CREATE pods/eviction", &[]),
    ("UPDATE pods/resize", &[]),
    ("DELETE pods", &[]),
    // With `null` in its lists, and fields beside the sources of its volumes.
    ("CREATE pods", &[]),
    ("CREATE deployments", &["spec.template.spec.containers[0].securityContext.privileged"]),
    // Its annotations, then its image.
    ("UPDATE deployments", &[]),
    ("UPDATE deployments", &["spec.template.spec.containers[0].securityContext.privileged"]),
    ("DELETE deployments", &[]),
];

#[test]
fn recorded_reviews_are_decided_as_kubernetes_decides() {
    let server = Server::start(&[]);
    let reviews: Vec<Value> = include_str!("recorded.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reviews.len(), EXPECTED.len());
    for (review, (asked, fields)) in reviews.iter().zip(EXPECTED) {
        let request = &review["request"];
        let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
        let mut found =
            format!("{} {}", text(&request["operation"]), text(&request["resource"]["resource"]));
        if let Some(sub_resource) = request["subResource"].as_str() {
            found = format!("{found}/{sub_resource}");
        }
        assert_eq!(found, *asked);
        let response = server.post("/validate/pod-security-baseline", review).json();
        let response = &response["response"];
        assert_eq!(response["uid"], request["uid"], "{asked}");
        assert_eq!(response["allowed"], fields.is_empty(), "{asked}: {response}");
        if fields.is_empty() {
            continue;
        }
        let message = text(&response["status"]["message"]);
        assert_eq!(response["status"], denial(&message, 403));
        let told: Vec<_> =
            message.split("; ").map(|reason| reason.split(": ").next().unwrap()).collect();
        assert_eq!(told.len(), fields.len(), "{message}");
        assert!(fields.iter().all(|field| told.contains(field)), "{message}");
    }
}
