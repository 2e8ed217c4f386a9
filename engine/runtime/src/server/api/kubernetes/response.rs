use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use policy_api::{DecodeError, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};

use super::notes::Notes;
use super::patch;
use super::status::Status;
use crate::policies::reasons_in_words;
use crate::server::decide::DecisionResult;
use crate::server::policy::{EvaluationFailure, ServedPolicy, policy_message};

/// An `AdmissionReview` with a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReviewResponse<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: AdmissionResponse<'a>,
}

/// `AdmissionResponse` of `admission.k8s.io/v1`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdmissionResponse<'a> {
    uid: Cow<'a, str>,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// JSON Patch, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// The parts of the policy's output that were changed or left out.
    #[serde(skip)]
    changes: Vec<String>,
}

impl<'a> AdmissionResponse<'a> {
    /// The response for an outcome, and the parts of the policy's output that were changed or left
    /// out.
    pub(super) fn new(
        uid: &'a str,
        policy: &ServedPolicy,
        outcome: &DecisionResult,
    ) -> (Self, Vec<String>) {
        let mut response = match &outcome.result {
            Ok(output) => answered(&policy.id, output.verdict, &output.text),
            Err(failure) => undecided(&policy.id, failure),
        };
        if outcome.is_monitored {
            response.admit();
        }
        response.uid = Cow::Borrowed(uid);
        if let Some(id) = outcome.id {
            response.audit_annotations.insert("decision-id".to_owned(), id.to_string());
        }
        let changes = std::mem::take(&mut response.changes);
        (response, changes)
    }

    pub(super) fn into_review(self) -> ReviewResponse<'a> {
        let (api_version, kind) = ("admission.k8s.io/v1", "AdmissionReview");
        ReviewResponse { api_version, kind, response: self }
    }

    fn denied(message: String, code: StatusCode) -> Self {
        Self { status: Some(Status::new(code, message)), ..Self::default() }
    }

    /// Admits the object unchanged, as a monitored policy always does. Annotations record what it
    /// would have done.
    fn admit(&mut self) {
        if let Some(status) = self.status.take() {
            self.audit_annotations.insert("monitored-denial".to_owned(), status.message);
        }
        if self.patch.take().is_some() {
            self.patch_type = None;
            let note = "it would have changed the object".to_owned();
            self.audit_annotations.insert("monitored-patch".to_owned(), note);
        }
        self.allowed = true;
    }
}

fn undecided<'a>(id: &str, failure: &EvaluationFailure) -> AdmissionResponse<'a> {
    match failure {
        EvaluationFailure::Input(error) => {
            let message = policy_message(id, describe_input_error(error));
            AdmissionResponse::denied(message, StatusCode::UNPROCESSABLE_ENTITY)
        }
        _ => AdmissionResponse::denied(failure.message(id), failure.status()),
    }
}

/// Describes what is wrong with an object. Its author has not seen the review around it, so the
/// path begins at the object.
fn describe_input_error(error: &DecodeError) -> String {
    let field = error.path.as_deref().and_then(|path| path.strip_prefix("request.object."));
    match field {
        Some(field) => format!("{}, at `{field}`", error.message),
        None => error.to_string(),
    }
}

fn answered<'a>(id: &str, verdict: Option<Verdict>, output: &[u8]) -> AdmissionResponse<'a> {
    let text = String::from_utf8_lossy(output);
    let Some(verdict) = verdict else {
        let message = format!(
            "policy `{id}` gave no verdict: expected a boolean, or an object with `allowed`"
        );
        return AdmissionResponse::denied(message, StatusCode::INTERNAL_SERVER_ERROR);
    };
    let fields = match serde_json::from_str(&text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => Map::new(),
        // The output may contain a patch.
        Err(error) => {
            let message = format!("policy `{id}` gave an answer that cannot be read: {error}");
            return AdmissionResponse::denied(message, StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let Notes { warnings, annotations, changes } = Notes::from_output(&fields);
    let mut response = AdmissionResponse {
        allowed: verdict == Verdict::Allowed,
        warnings,
        audit_annotations: annotations,
        changes,
        ..AdmissionResponse::default()
    };
    if verdict == Verdict::Denied {
        let reasons = reasons_in_words(&text, "; ");
        let message = match reasons.as_str() {
            "" => format!("policy `{id}` denies this"),
            reasons => reasons.to_owned(),
        };
        let code = fields.get("code").and_then(Value::as_u64);
        let code = code.and_then(|code| u16::try_from(code).ok());
        let code = code.filter(|code| (400..600).contains(code));
        let code = code.and_then(|code| StatusCode::from_u16(code).ok());
        response.status = Some(Status::new(code.unwrap_or(StatusCode::FORBIDDEN), message));
        return response;
    }
    let Some(patch) = fields.get("patch").filter(|patch| !patch.is_null()) else { return response };
    match patch::operations(patch) {
        Ok([]) => {}
        Ok(_) => {
            response.patch = Some(BASE64_STANDARD.encode(patch.to_string()));
            response.patch_type = Some("JSONPatch");
        }
        // Admitting the object without the change that the policy wants would be wrong.
        Err(error) => {
            let message = format!("policy `{id}` gave a `patch` that is none: {error}");
            return AdmissionResponse::denied(message, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The response for an output of the policy `pods`.
    fn answered_for(output: &Value, monitored: bool) -> Value {
        let text = output.to_string();
        let verdict = Verdict::from_output(text.as_bytes());
        let mut response = answered("pods", verdict, text.as_bytes());
        if monitored {
            response.admit();
        }
        serde_json::to_value(response).unwrap()
    }

    #[test]
    fn denial_has_its_message_and_code() {
        for (output, message, code) in [
            (json!(false), "policy `pods` denies this", 403),
            (json!({"allowed": false, "reason": "no role", "code": 451}), "no role", 451),
            (json!({"allowed": false, "message": "no", "code": 200}), "no", 403),
            (json!({"allowed": false, "message": "no", "code": 70_000}), "no", 403),
            (
                json!({"allowed": false, "violations": [{"field": "spec", "message": "bad"}, "worse"]}),
                "spec: bad; worse",
                403,
            ),
        ] {
            let response = answered_for(&output, false);
            let status = json!({"message": message, "code": code, "reason": "Forbidden"});
            let expected = json!({"uid": "", "allowed": false, "status": status});
            assert_eq!(response, expected, "{output}");
        }
    }

    #[test]
    fn admission_has_warnings_annotations_and_patch() {
        let patch = json!([{"op": "add", "path": "/metadata/labels", "value": {}}]);
        let output = json!({
            "allowed": true, "warnings": ["old", 7], "auditAnnotations": {"team": "a"}, "patch": patch,
        });
        let response = answered_for(&output, false);
        let encoded = response["patch"].as_str().unwrap();
        let decoded = BASE64_STANDARD.decode(encoded).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&decoded).unwrap(), patch);
        assert_eq!(
            response,
            json!({
                "uid": "", "allowed": true, "patch": encoded, "patchType": "JSONPatch",
                "auditAnnotations": {"team": "a"}, "warnings": ["old"],
            })
        );
        let refused = json!({"allowed": false, "reason": "no", "patch": patch});
        assert_eq!(answered_for(&refused, false)["patch"], Value::Null);
    }

    #[test]
    fn invalid_patch_denies() {
        for patch in [
            json!("x"),
            json!([{"op": "be", "path": ""}]),
            json!([{"op": "add", "path": "/metadata/labels"}]),
            json!([{"op": "move", "path": "/metadata/labels"}]),
        ] {
            let response = answered_for(&json!({"allowed": true, "patch": patch}), false);
            assert_eq!(response["allowed"], json!(false), "{patch}");
            assert_eq!(response["status"]["code"], json!(500), "{patch}");
            assert_eq!(response["status"]["reason"], "InternalError", "{patch}");
            let message = response["status"]["message"].as_str().unwrap();
            assert!(message.starts_with("policy `pods` gave a `patch` that is none"), "{message}");
        }
        assert_eq!(
            answered_for(&json!({"allowed": true, "patch": []}), false)["patch"],
            Value::Null
        );
    }

    #[test]
    fn monitored_denial_admits_with_an_annotation() {
        let response = answered_for(&json!({"allowed": false, "reason": "no role"}), true);
        assert_eq!(
            response,
            json!({"uid": "", "allowed": true, "auditAnnotations": {"monitored-denial": "no role"}})
        );
    }

    #[test]
    fn monitored_policy_admits_without_its_patch_and_on_failure() {
        let patch = json!([{"op": "remove", "path": "/spec"}]);
        assert_eq!(
            answered_for(&json!({"allowed": true, "patch": patch}), true),
            json!({
                "uid": "", "allowed": true,
                "auditAnnotations": {"monitored-patch": "it would have changed the object"},
            })
        );
        let mut late =
            undecided("pods", &EvaluationFailure::TimedOut(std::time::Duration::from_secs(2)));
        late.admit();
        assert_eq!(
            serde_json::to_value(late).unwrap(),
            json!({
                "uid": "", "allowed": true,
                "auditAnnotations": {
                    "monitored-denial": "policy `pods`: timed out: there was no answer within 2s",
                },
            })
        );
    }

    #[test]
    fn unreadable_output_denies() {
        let deep = format!("{{\"allowed\":true,\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let response = answered("pods", Verdict::from_output(deep.as_bytes()), deep.as_bytes());
        let response = serde_json::to_value(response).unwrap();
        assert_eq!(
            (&response["allowed"], &response["status"]["code"]),
            (&json!(false), &json!(500))
        );
    }

    #[test]
    fn input_errors_give_the_path_within_the_object() {
        type Fields<T> = BTreeMap<String, T>;
        let error =
            |json: &[u8]| policy_api::decode::<Fields<Fields<Fields<u8>>>>(json).unwrap_err();
        let wrong = error(br#"{"request": {"object": {"spec": "x"}}}"#);
        assert_eq!(
            describe_input_error(&wrong),
            "expected a whole number from 0 to 255, found the string \"x\", at `spec`"
        );
        let wrong = error(br#"{"request": {"options": {"a": 300}}}"#);
        assert!(describe_input_error(&wrong).contains("at `request.options.a` (line 1"), "{wrong}");
    }

    #[test]
    fn output_without_verdict_denies() {
        let response = answered_for(&json!([]), false);
        assert_eq!(
            (&response["allowed"], &response["status"]["code"]),
            (&json!(false), &json!(500))
        );
    }
}
