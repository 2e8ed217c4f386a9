//! Which pods an object holds, and where, by what a policy sees of it.

#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself may")]

use kube_objects::Object;
use serde_json::{Value, json};

/// `PATH=IMAGE` of every container of every pod.
fn images(json: &str) -> Vec<String> {
    let object: Object<'_> = serde_json::from_str(json).unwrap();
    let mut images = Vec::new();
    object.for_each_pod(|path, pod| {
        for container in pod.spec().all_containers() {
            let image = container.image.as_deref().unwrap_or_default();
            images.push(format!("{path}{}={image}", container.place));
        }
    });
    images
}

fn error(json: &str) -> String {
    serde_json::from_str::<Object<'_>>(json).unwrap_err().to_string()
}

#[test]
fn containers_are_listed_in_pod_security_order() {
    let pod = r#"{"kind": "Pod", "spec": {
        "ephemeralContainers": [{"image": "e"}],
        "containers": [{"image": "a"}, {"image": "b"}],
        "initContainers": [{"image": "i"}]
    }}"#;
    assert_eq!(
        images(pod),
        [
            "spec.initContainers[0]=i",
            "spec.containers[0]=a",
            "spec.containers[1]=b",
            "spec.ephemeralContainers[0]=e"
        ]
    );
}

#[test]
fn every_workload_kind_has_a_pod_template() {
    let template = r#"{"metadata": null, "spec": {"containers": [{"image": "a"}]}}"#;
    for kind in
        ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"]
    {
        let workload = format!(r#"{{"kind": "{kind}", "spec": {{"template": {template}}}}}"#);
        assert_eq!(images(&workload), ["spec.template.spec.containers[0]=a"], "{kind}");
    }
    assert_eq!(
        images(&format!(r#"{{"kind": "PodTemplate", "template": {template}}}"#)),
        ["template.spec.containers[0]=a"]
    );
    assert_eq!(
        images(&format!(
            r#"{{"kind": "CronJob", "spec": {{"jobTemplate": {{"spec": {{"template": {template}}}}}}}}}"#
        )),
        ["spec.jobTemplate.spec.template.spec.containers[0]=a"]
    );
}

#[test]
fn lists_and_reviews_are_searched_for_pods() {
    let list = r#"{"items": [
        {"kind": "Service", "spec": {"template": 7}},
        {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"image": "a"}]}}}}
    ], "kind": "List"}"#;
    assert_eq!(images(list), ["items[1].spec.template.spec.containers[0]=a"]);
    let review = format!(
        r#"{{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {{"operation": "CREATE", "object": {list}, "oldObject": null}}}}"#
    );
    assert_eq!(images(&review), ["items[1].spec.template.spec.containers[0]=a"]);
}

#[test]
fn items_of_a_typed_list_need_no_kind() {
    let item =
        r#"{"metadata": {"creationTimestamp": null}, "spec": {"containers": [{"image": "a"}]}}"#;
    assert_eq!(
        images(&format!(r#"{{"kind": "PodList", "items": [{item}]}}"#)),
        ["items[0].spec.containers[0]=a"]
    );
    assert_eq!(images(&format!(r#"{{"kind": "FooList", "items": [{item}]}}"#)), [""; 0]);
    assert_eq!(images(r#"{"kind": "PodList", "items": null}"#), [""; 0]);
}

#[test]
fn kind_may_come_last() {
    assert_eq!(
        images(r#"{"spec": {"containers": [{"image": "a"}]}, "kind": "Pod"}"#),
        ["spec.containers[0]=a"]
    );
}

#[test]
fn annotations_are_those_of_the_pod() {
    let annotations = |json: &str| {
        let object: Object<'_> = serde_json::from_str(json).unwrap();
        let mut found = Vec::new();
        object.for_each_pod(|_, pod| {
            found.extend(pod.annotations().map(|(name, value)| format!("{name}={value}")));
        });
        found
    };
    let metadata = r#"{"annotations": {"a": "1", "b": null}}"#;
    assert_eq!(
        annotations(&format!(r#"{{"metadata": {metadata}, "kind": "Pod"}}"#)),
        ["a=1", "b="]
    );
    let job = r#"{"kind": "Job", "metadata": {"annotations": {"of": "job"}},
        "spec": {"template": {"metadata": {"annotations": {"of": "pod"}}}}}"#;
    assert_eq!(annotations(job), ["of=pod"]);
}

#[test]
fn null_counts_as_absent() {
    for json in [
        r#"{"kind": "Pod"}"#,
        r#"{"kind": "Pod", "metadata": null, "spec": null}"#,
        r#"{"kind": "Pod", "spec": {"containers": null, "volumes": null, "securityContext": null, "os": null}}"#,
        r#"{"kind": "Job", "spec": {"template": null}}"#,
        r#"{"kind": "CronJob", "spec": {"jobTemplate": {"spec": null}}}"#,
        r#"{"kind": "AdmissionReview", "request": {"operation": "DELETE", "object": null}}"#,
    ] {
        assert_eq!(images(json), [""; 0], "{json}");
    }
    let nulls = r#"{"kind": "Pod", "spec": {"containers": [{"image": null, "ports": null,
        "securityContext": {"capabilities": {"add": null, "drop": null}, "privileged": null},
        "livenessProbe": null, "lifecycle": {"preStop": null}}]}}"#;
    assert_eq!(images(nulls), ["spec.containers[0]="]);
}

#[test]
fn null_in_a_list_is_an_empty_element() {
    let nulls = r#"{"kind": "Pod", "spec": {
        "initContainers": [null, {"image": "i"}],
        "containers": [{"ports": [null], "securityContext": {"capabilities": {"add": [null]}}}, null],
        "ephemeralContainers": [null], "volumes": [null, {"name": null}],
        "securityContext": {"sysctls": [null]}}}"#;
    assert_eq!(
        images(nulls),
        [
            "spec.initContainers[0]=",
            "spec.initContainers[1]=i",
            "spec.containers[0]=",
            "spec.containers[1]=",
            "spec.ephemeralContainers[0]=",
        ]
    );
    let object: Object<'_> = serde_json::from_str(nulls).unwrap();
    object.for_each_pod(|_, pod| {
        let spec = pod.spec();
        assert_eq!(spec.all_volumes().count(), 2);
        let containers = spec.containers.as_ref().unwrap();
        assert_eq!(containers[0].ports.as_ref().unwrap()[0].host_port, None);
        let context = containers[0].security_context.as_ref().unwrap();
        let added = context.capabilities.as_ref().unwrap().add.as_ref().unwrap();
        assert_eq!(added.iter().map(|name| &**name).collect::<Vec<_>>(), [""]);
        let sysctls = spec.security_context.as_ref().unwrap().sysctls.as_ref().unwrap();
        assert_eq!(sysctls[0].name, None);
    });
    assert_eq!(images(r#"{"kind": "PodList", "items": [null]}"#), [""; 0]);
    assert!(
        error(r#"{"kind": "List", "items": [null]}"#).starts_with("an object without a `kind`")
    );
}

/// The pointers to every value in this one.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            fields.iter().map(|(name, value)| (escaped(name), value)).collect()
        }
        Value::Array(all) => {
            all.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let at = format!("{at}/{name}");
        pointers(value, &at, found);
        found.push(at);
    }
}

#[test]
fn null_is_accepted_in_every_decoded_field() {
    let context = json!({
        "privileged": true, "allowPrivilegeEscalation": true, "procMount": "a",
        "capabilities": {"add": ["a"], "drop": ["b"]}, "runAsNonRoot": true, "runAsUser": 1,
        "seLinuxOptions": {"type": "a", "user": "b", "role": "c"},
        "seccompProfile": {"type": "a"}, "appArmorProfile": {"type": "a"},
        "windowsOptions": {"hostProcess": true}, "sysctls": [{"name": "a"}],
    });
    let handler = json!({"httpGet": {"host": "a"}, "tcpSocket": {"host": "a"}});
    let container = json!({
        "name": "a", "image": "b", "securityContext": context, "ports": [{"hostPort": 1}],
        "livenessProbe": handler, "readinessProbe": handler, "startupProbe": handler,
        "lifecycle": {"postStart": handler, "preStop": handler},
    });
    let pod = json!({
        "metadata": {"annotations": {"a/b": "c"}},
        "spec": {
            "initContainers": [container], "containers": [container],
            "ephemeralContainers": [container], "securityContext": context,
            "volumes": [{"name": "v", "image": {"reference": "r"}}, {"hostPath": {"path": "/"}}],
            "hostNetwork": true, "hostPID": true, "hostIPC": true, "hostUsers": true,
            "os": {"name": "a"},
        },
    });
    let job = json!({"kind": "Job", "spec": {"template": pod}});
    let mut review = json!({"kind": "AdmissionReview", "request": {
        "operation": "UPDATE", "resource": {"group": "batch", "resource": "jobs"},
        "subResource": "", "object": job, "oldObject": job,
    }});
    let mut all = Vec::new();
    pointers(&review, "", &mut all);
    assert!(all.len() > 200, "{}", all.len());
    // An object has a kind, and a review a request with an object.
    for needed in ["/kind", "/request", "/request/object", "/request/object/kind"] {
        all.retain(|pointer| pointer != needed);
    }
    all.retain(|pointer| pointer != "/request/oldObject/kind");
    for pointer in all {
        let value = std::mem::take(review.pointer_mut(&pointer).unwrap());
        let text = review.to_string();
        let decoded = serde_json::from_str::<Object<'_>>(&text);
        assert!(decoded.is_ok(), "{pointer}: {}", decoded.unwrap_err());
        *review.pointer_mut(&pointer).unwrap() = value;
    }
}

#[test]
fn values_of_types_that_go_rejects_are_errors() {
    for (field, value) in [
        ("containers", r#"[{"ports": [{"hostPort": 80.0}]}]"#),
        ("containers", r#"[{"ports": [{"hostPort": 8e1}]}]"#),
        ("containers", r#"[{"ports": [{"hostPort": "80"}]}]"#),
        ("containers", r#"[{"ports": [{"hostPort": 2147483648}]}]"#),
        ("containers", r#"[{"ports": {}}]"#),
        ("containers", "{}"),
        ("containers", r#"[{"image": true}]"#),
        ("securityContext", r#"{"runAsUser": 9223372036854775808}"#),
        ("securityContext", r#"{"runAsNonRoot": "true"}"#),
        ("hostPID", "1"),
        ("volumes", r#"[{"hostPath": []}]"#),
        ("volumes", "[[]]"),
    ] {
        let pod = format!(r#"{{"kind": "Pod", "spec": {{"{field}": {value}}}}}"#);
        assert!(serde_json::from_str::<Object<'_>>(&pod).is_err(), "{pod}");
    }
}

#[test]
fn field_names_are_case_sensitive() {
    let pod = r#"{"kind": "Pod", "Spec": {"containers": [{"image": "a"}]},
        "spec": {"Containers": [{"image": "b"}], "hostpid": "x", "containers": [{"Image": "c"}]}}"#;
    assert_eq!(images(pod), ["spec.containers[0]="]);
}

#[test]
fn other_kinds_have_no_pod() {
    for json in [
        r#"{"kind": "Service", "spec": {"ports": [{"port": 80}]}}"#,
        r#"{"kind": "Flock", "spec": {"containers": 3, "template": "sheep"}}"#,
        r#"{"spec": {"containers": 3}, "template": [], "kind": "Flock"}"#,
    ] {
        assert_eq!(images(json), [""; 0], "{json}");
    }
}

#[test]
fn object_without_a_kind_is_an_error() {
    for json in ["{}", r#"{"kind": ""}"#, r#"{"kind": null, "spec": {}}"#] {
        let message = error(json);
        assert!(
            message.starts_with(
                "an object without a `kind`: expected a Kubernetes object, such as a Pod, \
                 a Deployment, a List or an AdmissionReview at line 1"
            ),
            "{message}"
        );
    }
    assert!(error(r#"{"kind": "List", "items": [{}]}"#).starts_with("an object without a `kind`"));
}

#[test]
fn review_without_object_is_an_error() {
    let error = |json| error(json).split(" at line").next().unwrap().to_owned();
    assert_eq!(error(r#"{"kind": "AdmissionReview"}"#), "an AdmissionReview without a `request`");
    assert_eq!(
        error(r#"{"kind": "AdmissionReview", "request": {"operation": "CREATE"}}"#),
        "a request to `CREATE` without its `object`: only a `DELETE` has none"
    );
    assert_eq!(
        error(r#"{"kind": "AdmissionReview", "request": {}}"#),
        "a request without an `operation` and an `object`"
    );
}

#[test]
fn items_outside_a_list_are_an_error() {
    let expected = "an object with `items` that is no list by its `kind`";
    for json in [
        r#"{"kind": "ConfigMap", "items": [{"kind": "Pod"}]}"#,
        r#"{"items": [{"kind": "Pod"}], "kind": "ConfigMap"}"#,
        r#"{"kind": "Pod", "spec": {}, "items": []}"#,
    ] {
        assert!(error(json).starts_with(expected), "{json}: {}", error(json));
    }
    assert!(images(r#"{"kind": "ConfigMap", "items": {"a": "b"}}"#).is_empty());
}

#[test]
fn other_spellings_of_kind_are_an_error() {
    for field in ["Kind", "KIND", "\u{212a}ind"] {
        let json = format!(r#"{{"kind": "Service", "{field}": "Pod"}}"#);
        assert!(error(&json).starts_with(&format!("a field `{field}`: expected `kind`")));
    }
}

#[test]
fn duplicate_part_is_an_error() {
    for (json, field) in [
        (r#"{"kind": "Pod", "spec": {}, "spec": {}}"#, "spec"),
        (r#"{"spec": {}, "kind": "Pod", "spec": {}}"#, "spec"),
        (r#"{"kind": "Pod", "kind": "Service"}"#, "kind"),
        (r#"{"kind": "Pod", "metadata": {}, "metadata": {}}"#, "metadata"),
    ] {
        assert!(error(json).starts_with(&format!("duplicate field `{field}`")), "{json}");
    }
}

#[test]
fn wrong_type_is_an_error_before_and_after_the_kind() {
    assert_eq!(
        error(r#"{"kind": "Pod", "spec": {"containers": 3}}"#),
        "invalid type: integer `3`, expected a sequence at line 1 column 40"
    );
    assert!(
        error(r#"{"spec": {"containers": 3}, "kind": "Pod"}"#)
            .starts_with("in `spec`: expected an array, found the number `3`")
    );
}
