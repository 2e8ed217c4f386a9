//! What of an `AdmissionReview` is judged, as Kubernetes' own Pod Security admission decides it
//! (`admission/admission.go` of kubernetes/pod-security-admission).

#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself may")]

use kube_objects::{Object, Pod};
use serde_json::{Value, json};

/// An update of a pod, of whose containers' images nothing changes.
fn update() -> Value {
    let pod = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "a", "annotations": {"a": "1"}},
        "spec": {
            "initContainers": [{"name": "i", "image": "i:1"}],
            "containers": [{"name": "c", "image": "c:1"}],
            "ephemeralContainers": [{"name": "e", "image": "e:1"}],
        },
    });
    json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "1",
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "UPDATE",
            "object": pod, "oldObject": pod,
        },
    })
}

/// The paths of the pods that are shown.
fn shown(review: &Value) -> Vec<String> {
    shown_of(&review.to_string())
}

fn shown_of(text: &str) -> Vec<String> {
    let object: Object<'_> = serde_json::from_str(text).unwrap();
    let mut paths = Vec::new();
    object.for_each_pod(|path, _| paths.push(path.to_string()));
    paths
}

fn error(review: &Value) -> String {
    let error = serde_json::from_str::<Object<'_>>(&review.to_string()).unwrap_err().to_string();
    error.split(" at line").next().unwrap().to_owned()
}

/// The update with one thing changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut review = update();
    *review.pointer_mut(pointer).unwrap() = value;
    review
}

const OF_THE_POD: [&str; 1] = [""];
const NONE: [&str; 0] = [];

#[test]
fn update_is_checked_only_if_the_pod_changes() {
    assert_eq!(shown(&update()), NONE);
    for (pointer, value) in [
        ("/request/object/spec/containers/0/image", json!("c:2")),
        ("/request/object/spec/initContainers/0/image", json!("i:2")),
        ("/request/object/spec/ephemeralContainers/0/image", json!("e:2")),
        ("/request/object/spec/ephemeralContainers/0", json!({"name": "f", "image": "e:1"})),
        ("/request/object/spec/containers", json!([])),
        ("/request/object/spec/containers/0/image", Value::Null),
        ("/request/object/metadata/annotations/a", json!("2")),
        ("/request/oldObject/spec", json!({})),
    ] {
        assert_eq!(shown(&with(pointer, value)), OF_THE_POD, "{pointer}");
    }
    for field in ["hostPID", "hostNetwork", "hostUsers"] {
        let mut review = update();
        review["request"]["object"]["spec"][field] = json!(true);
        assert_eq!(shown(&review), OF_THE_POD, "{field}");
    }
}

#[test]
fn update_of_undecoded_fields_is_not_checked() {
    for (field, value) in [
        ("labels", json!({"a": "b"})),
        ("finalizers", json!([])),
        ("deletionTimestamp", json!("2026-05-04T08:01:02Z")),
        ("ownerReferences", json!([{"kind": "Job"}])),
    ] {
        let mut review = update();
        review["request"]["object"]["metadata"][field] = value;
        assert_eq!(shown(&review), NONE, "{field}");
    }
    let mut review = update();
    review["request"]["object"]["status"] = json!({"phase": "Running"});
    review["request"]["object"]["spec"]["tolerations"] = json!([{}]);
    assert_eq!(shown(&review), NONE);
}

#[test]
fn policy_limits_the_update_check_to_fields_it_reads() {
    let mut review = with("/request/object/metadata/annotations/a", json!("2"));
    review["request"]["object"]["spec"]["hostPID"] = json!(true);
    let count = |review: &Value| {
        let text = review.to_string();
        let object: Object<'_> = serde_json::from_str(&text).unwrap();
        let images = |pod: &Pod<'_>| -> Vec<String> {
            let all = pod.spec().all_containers();
            all.map(|container| container.image.as_deref().unwrap_or_default().to_owned()).collect()
        };
        let mut count = 0;
        object.for_each_pod_unless(|pod, old| images(pod) == images(old), |_, _| count += 1);
        count
    };
    assert_eq!(count(&review), 0);
    review["request"]["object"]["spec"]["containers"][0]["image"] = json!("c:2");
    assert_eq!(count(&review), 1);
}

#[test]
fn other_operations_are_always_checked() {
    // Also one that has an old object, or operations that nobody knows.
    for operation in [json!("CREATE"), json!("PATCH"), json!("update"), json!("")] {
        assert_eq!(
            shown(&with("/request/operation", operation.clone())),
            OF_THE_POD,
            "{operation}"
        );
    }
    assert_eq!(shown(&with("/request/operation", Value::Null)), OF_THE_POD);
    assert_eq!(shown(&with("/request/oldObject", Value::Null)), OF_THE_POD);
    // The old object is of another kind.
    assert_eq!(shown(&with("/request/oldObject/kind", json!("Job"))), OF_THE_POD);
    assert_eq!(shown(&with("/request/oldObject/kind", json!("Service"))), OF_THE_POD);
}

#[test]
fn delete_and_connect_are_not_checked() {
    for operation in ["DELETE", "CONNECT"] {
        assert_eq!(shown(&with("/request/operation", json!(operation))), NONE);
        // Nor is it decoded.
        let mut review = with("/request/object", json!({"kind": "Pod", "spec": {"containers": 3}}));
        review["request"]["oldObject"] = review["request"]["object"].clone();
        review["request"]["operation"] = json!(operation);
        // API servers write the operation first.
        let request = review["request"].clone();
        let text = format!(
            r#"{{"kind": "AdmissionReview", "request": {{"operation": "{operation}",
                "object": {}, "oldObject": {}}}}}"#,
            request["object"], request["oldObject"]
        );
        assert!(serde_json::from_str::<Object<'_>>(&text).is_ok(), "{text}");
    }
}

#[test]
fn only_subresources_that_change_a_pod_are_checked() {
    let changed = |sub_resource: &str| {
        let mut review = with("/request/object/spec/containers/0/image", json!("c:2"));
        review["request"]["subResource"] = json!(sub_resource);
        review
    };
    for ignored in
        ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"]
    {
        assert_eq!(shown(&changed(ignored)), NONE, "{ignored}");
    }
    for judged in ["", "ephemeralcontainers", "resize", "new", "Status"] {
        assert_eq!(shown(&changed(judged)), OF_THE_POD, "{judged}");
    }
    // A resize changes nothing that anybody decodes.
    let mut resize = update();
    resize["request"]["subResource"] = json!("resize");
    resize["request"]["object"]["spec"]["containers"][0]["resources"] = json!({"limits": {}});
    assert_eq!(shown(&resize), NONE);
    // As upstream: what is not understood is not let through.
    let mut strange = changed("new");
    strange["request"]["object"] = json!({"kind": "Scale", "spec": {"replicas": 3}});
    assert_eq!(error(&strange), "a request for `pods/new` whose `object` is not a Pod");
    strange["request"]["resource"] = json!({"group": "x.example.com", "resource": "pods"});
    assert_eq!(shown(&strange), NONE);
}

#[test]
fn workload_update_compares_templates_and_ignores_subresources() {
    let workload = |image: &str| {
        json!({
            "kind": "Deployment", "metadata": {"annotations": {"of": image}},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [{"image": image}]}}},
        })
    };
    let mut review = with("/request/object", workload("a"));
    review["request"]["resource"] = json!({"group": "apps", "resource": "deployments"});
    review["request"]["oldObject"] = workload("a");
    assert_eq!(shown(&review), NONE);
    review["request"]["object"]["spec"]["replicas"] = json!(3);
    review["request"]["object"]["metadata"] = Value::Null;
    assert_eq!(shown(&review), NONE);
    review["request"]["oldObject"] = workload("b");
    assert_eq!(shown(&review), ["spec.template."]);
    for sub_resource in ["status", "scale", "ephemeralcontainers"] {
        review["request"]["subResource"] = json!(sub_resource);
        assert_eq!(shown(&review), NONE, "{sub_resource}");
    }
    // Of which resource, nobody says.
    review["request"]["resource"] = Value::Null;
    assert_eq!(shown(&review), ["spec.template."]);
}

#[test]
fn field_order_of_a_review_does_not_matter() {
    let review = with("/request/object/spec/containers/0/image", json!("c:2"));
    let request = &review["request"];
    for fields in [
        ["object", "oldObject", "operation", "subResource"],
        ["oldObject", "object", "subResource", "operation"],
        ["subResource", "operation", "oldObject", "object"],
    ] {
        let text = |sub_resource: &str, operation: &str| {
            let fields = fields.map(|name| match name {
                "operation" => format!(r#""operation": "{operation}""#),
                "subResource" => format!(r#""subResource": "{sub_resource}""#),
                _ => format!(r#""{name}": {}"#, request[name]),
            });
            format!(r#"{{"request": {{{}}}, "kind": "AdmissionReview"}}"#, fields.join(", "))
        };
        assert_eq!(shown_of(&text("", "UPDATE")), OF_THE_POD, "{fields:?}");
        assert_eq!(shown_of(&text("status", "UPDATE")), NONE, "{fields:?}");
        assert_eq!(shown_of(&text("", "DELETE")), NONE, "{fields:?}");
    }
}

#[test]
fn duplicate_field_is_an_error() {
    for field in ["operation", "resource", "subResource", "object", "oldObject"] {
        let value = match field {
            "resource" => "{}",
            "object" | "oldObject" => r#"{"kind": "Pod"}"#,
            _ => r#""UPDATE""#,
        };
        let text = format!(
            r#"{{"kind": "AdmissionReview", "request": {{"{field}": {value}, "{field}": {value}}}}}"#
        );
        let error = serde_json::from_str::<Object<'_>>(&text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("duplicate field `{field}`")), "{error}");
    }
}
