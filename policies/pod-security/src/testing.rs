//! Asks the policies of this crate, for the tests of its checks.

use policy_api::{Policy, decide};

use crate::{Baseline, Restricted};

/// `CHECK FIELD: MESSAGE` of every violation in a Pod, given as the inside of its JSON object.
fn violations<P: Policy>(version: &str, pod: &str) -> Vec<String> {
    let settings = format!(r#"{{"version": "{version}"}}"#);
    let input = format!(r#"{{"kind": "Pod", {pod}}}"#);
    let output = decide::<P>(&settings, &input).unwrap().output;
    let violations = output["violations"].as_array().unwrap();
    assert_eq!(output["allowed"], violations.is_empty());
    let text =
        |violation: &serde_json::Value, key: &str| violation[key].as_str().unwrap().to_owned();
    violations
        .iter()
        .map(|violation| {
            let [check, field, message] =
                ["check", "field", "message"].map(|key| text(violation, key));
            format!("{check} {field}: {message}")
        })
        .collect()
}

pub(crate) fn baseline(version: &str, pod: &str) -> Vec<String> {
    violations::<Baseline>(version, pod)
}

/// The violations that one check of the restricted standard finds.
pub(crate) fn restricted(check: &str, version: &str, pod: &str) -> Vec<String> {
    let mut found = violations::<Restricted>(version, pod);
    found.retain(|violation| violation.split(' ').next() == Some(check));
    found
}

/// A pod with one container whose security context this is.
pub(crate) fn container_with(security_context: &str) -> String {
    format!(r#""spec": {{"containers": [{{"name": "a", "securityContext": {security_context}}}]}}"#)
}

/// A pod whose own security context this is.
pub(crate) fn pod_with(security_context: &str) -> String {
    format!(r#""spec": {{"securityContext": {security_context}}}"#)
}

pub(crate) const NONE: [&str; 0] = [];
