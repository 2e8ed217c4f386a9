use serde_json::json;

use super::{UID, WHY, answering, bad_pod, denial, pod, reviewed};
use crate::support::{Folder, Server};

const CONFIG: &str = "\
policies:
  pods: {policy: pod-security-baseline, mode: monitor}
  tasks: {policy: stress-admission, mode: monitor}
";

#[test]
fn monitored_denial_admits_but_the_audit_path_denies() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, CONFIG, &[]);
    assert_eq!(
        reviewed(&server, "/validate/pods", &bad_pod()),
        json!({"uid": UID, "allowed": true, "auditAnnotations": {"monitored-denial": WHY}})
    );
    assert_eq!(
        reviewed(&server, "/audit/pods", &bad_pod()),
        json!({"uid": UID, "allowed": false, "status": denial(WHY, 403)})
    );
    assert_eq!(reviewed(&server, "/validate/pods", &pod()), json!({"uid": UID, "allowed": true}));
    // What the policy would warn of is seen in any case.
    let output = json!({"allowed": false, "reason": "no", "warnings": ["w"], "patch": []});
    assert_eq!(
        reviewed(&server, "/validate/tasks", &answering(&output)),
        json!({
            "uid": UID, "allowed": true, "warnings": ["w"],
            "auditAnnotations": {"monitored-denial": "no"},
        })
    );
    // It is counted as what it is.
    let denied = "policy_engine_decisions_total{id=\"pods\",outcome=\"denied\"";
    assert!((server.metric(denied) - 2.0).abs() < f64::EPSILON);
}

#[test]
fn monitored_denial_is_allowed_with_a_warning_in_the_opa_api() {
    let folder = Folder::new();
    let server = Server::with_config(&folder, CONFIG, &[]);
    let input = json!({"input": bad_pod()});
    let found = server.post("/v1/data/pods", &input).json();
    assert_eq!(found["result"]["allowed"], true);
    assert_eq!(found["result"]["violations"][0]["check"], "hostNamespaces");
    let message = "policy `pods` denies this, and its mode is `monitor`: it is answered as allowed";
    let warning = json!({"code": "monitor", "message": message});
    assert_eq!(found["warning"], warning);
    let found = server.post("/v1/data/pods/allowed", &input).json();
    assert_eq!(found, json!({"result": true, "warning": warning}));
    assert_eq!(server.post("/v0/data/pods/allowed", &bad_pod()).json(), json!(true));
    let batch = json!({"inputs": {"a": bad_pod(), "b": pod()}});
    let found = server.post("/v1/batch/data/pods/allowed", &batch).json();
    let allowed = json!({"result": true});
    assert_eq!(found, json!({"responses": {"a": allowed, "b": allowed}}));
    assert_eq!(server.post("/v1/data/pods/allowed", &json!({"input": pod()})).json(), allowed);
}
