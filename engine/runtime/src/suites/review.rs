//! `AdmissionReview`s as an API server makes them, of an object alone.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::json_object::JsonObject;

/// The operations that an API server asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
    Connect,
}

impl Operation {
    /// The operation of this name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Connect]
            .into_iter()
            .find(|operation| operation.as_str() == text)
    }

    /// The operation that an API server asks about with these objects.
    pub(super) fn of_objects(object: bool, old_object: bool) -> Self {
        match (object, old_object) {
            (_, false) => Self::Create,
            (true, true) => Self::Update,
            (false, true) => Self::Delete,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// Whether a request of it has an object, and an old one.
    pub(super) const fn objects(self) -> (bool, bool) {
        match self {
            Self::Create | Self::Connect => (true, false),
            Self::Update => (true, true),
            Self::Delete => (false, true),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A review without its objects.
pub(super) struct Review {
    pub(super) operation: Operation,
    /// The fields of the request that are given, in place of those that follow from the object.
    pub(super) request: Map<String, Value>,
}

impl Review {
    /// The fields of a request that have keys of their own in a case.
    pub(super) const OWN_FIELDS: [&str; 3] = ["object", "oldObject", "operation"];

    /// The review of these objects, which are JSON text.
    pub(super) fn into_json(self, object: Option<&[u8]>, old_object: Option<&[u8]>) -> Vec<u8> {
        let about = object.or(old_object).unwrap_or_default();
        let about: Value = serde_json::from_slice(about).unwrap_or_default();
        let mut request = request(&about, self.operation);
        request.extend(self.request);
        let mut json = Vec::new();
        let mut review = JsonObject::begin(&mut json);
        review.text("apiVersion", "admission.k8s.io/v1");
        review.text("kind", "AdmissionReview");
        review.object("request", |fields| {
            for (name, value) in &request {
                fields.value(name, value);
            }
            fields.json("object", object.unwrap_or(b"null"));
            fields.json("oldObject", old_object.unwrap_or(b"null"));
        });
        review.end();
        json
    }
}

/// The request on this object, without it.
fn request(about: &Value, operation: Operation) -> Map<String, Value> {
    let text = |path| about.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let api_version = text("/apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = text("/kind");
    let kind_of = json!({"group": group, "version": version, "kind": kind});
    let resource = json!({"group": group, "version": version, "resource": resource_of(kind)});
    let request = json!({
        "uid": "00000000-0000-0000-0000-000000000000",
        "kind": kind_of,
        "requestKind": kind_of,
        "resource": resource,
        "requestResource": resource,
        "name": text("/metadata/name"),
        "operation": operation.as_str(),
        "userInfo": {"username": "policy-engine-test", "groups": ["system:authenticated"]},
        "dryRun": false,
        "options": null,
    });
    let Value::Object(mut request) = request else { return Map::new() };
    let namespace = text("/metadata/namespace");
    if !namespace.is_empty() {
        request.insert("namespace".to_owned(), namespace.into());
    }
    request
}

/// The resource of a kind, as Kubernetes' own `UnsafeGuessKindToResource` has it.
fn resource_of(kind: &str) -> String {
    let kind = kind.to_lowercase();
    if kind.ends_with("endpoints") {
        return kind;
    }
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_is_that_of_an_api_server() {
        let pod = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"a"}}"#;
        let request = Map::from_iter([("dryRun".to_owned(), true.into())]);
        let review = Review { operation: Operation::Create, request };
        let review: Value = serde_json::from_slice(&review.into_json(Some(pod), None)).unwrap();
        let pods = json!({"group": "", "version": "v1", "resource": "pods"});
        let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
        assert_eq!(
            review,
            json!({
                "apiVersion": "admission.k8s.io/v1",
                "kind": "AdmissionReview",
                "request": {
                    "uid": "00000000-0000-0000-0000-000000000000",
                    "kind": kind,
                    "requestKind": kind,
                    "resource": pods,
                    "requestResource": pods,
                    "name": "web",
                    "namespace": "a",
                    "operation": "CREATE",
                    "userInfo": {
                        "username": "policy-engine-test",
                        "groups": ["system:authenticated"],
                    },
                    "dryRun": true,
                    "options": null,
                    "object": serde_json::from_slice::<Value>(pod).unwrap(),
                    "oldObject": null,
                },
            })
        );
    }

    #[test]
    fn resources_are_guessed_as_by_kubernetes() {
        for (kind, resource) in [
            ("Pod", "pods"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("Endpoints", "endpoints"),
        ] {
            assert_eq!(resource_of(kind), resource);
        }
    }
}
