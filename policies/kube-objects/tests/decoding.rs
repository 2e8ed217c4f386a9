//! Which pods an object holds, and where, by what a policy sees of it.

#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself may")]

use kube_objects::Object;

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
fn containers_come_in_the_order_of_pod_security() {
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
fn every_workload_holds_its_template() {
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
fn lists_and_reviews_hold_what_is_in_them() {
    let list = r#"{"items": [
        {"kind": "Service", "spec": {"template": 7}},
        {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"image": "a"}]}}}}
    ], "kind": "List"}"#;
    assert_eq!(images(list), ["items[1].spec.template.spec.containers[0]=a"]);
    let review = format!(
        r#"{{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {{"operation": "CREATE", "object": {list}, "oldObject": null}}}}"#
    );
    assert_eq!(images(&review), ["request.object.items[1].spec.template.spec.containers[0]=a"]);
}

#[test]
fn the_items_of_a_typed_list_need_no_kind() {
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
fn the_kind_may_come_last() {
    assert_eq!(
        images(r#"{"spec": {"containers": [{"image": "a"}]}, "kind": "Pod"}"#),
        ["spec.containers[0]=a"]
    );
}

#[test]
fn annotations_are_the_pods_own() {
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
fn null_is_as_good_as_absent() {
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
fn other_kinds_hold_no_pod_whatever_they_look_like() {
    for json in [
        r#"{"kind": "Service", "spec": {"ports": [{"port": 80}]}}"#,
        r#"{"kind": "Flock", "spec": {"containers": 3, "template": "sheep"}}"#,
        r#"{"spec": {"containers": 3}, "template": [], "kind": "Flock"}"#,
    ] {
        assert_eq!(images(json), [""; 0], "{json}");
    }
}

#[test]
fn an_object_without_a_kind_is_an_error() {
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
fn a_review_must_ask_about_something() {
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
fn items_are_those_of_a_list_only() {
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
fn no_other_spelling_of_kind_passes() {
    for field in ["Kind", "KIND", "\u{212a}ind"] {
        let json = format!(r#"{{"kind": "Service", "{field}": "Pod"}}"#);
        assert!(error(&json).starts_with(&format!("a field `{field}`: expected `kind`")));
    }
}

#[test]
fn a_part_given_twice_is_an_error() {
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
fn a_wrong_type_is_an_error_wherever_the_kind_stands() {
    assert_eq!(
        error(r#"{"kind": "Pod", "spec": {"containers": 3}}"#),
        "invalid type: integer `3`, expected a sequence at line 1 column 40"
    );
    assert!(
        error(r#"{"spec": {"containers": 3}, "kind": "Pod"}"#)
            .starts_with("in `spec`: expected an array, found the number `3`")
    );
}
