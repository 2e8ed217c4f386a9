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
use crate::policies::reasons;
use crate::server::decide::Decided;
use crate::server::policy::{NoAnswer, Served};

/// The answer to a review.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

/// `AdmissionResponse` of `admission.k8s.io/v1`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
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
    /// What of the policy's answer is not in it as it was.
    #[serde(skip)]
    changes: Vec<String>,
}

/// The answer that a decision makes, and what of the policy's own is not in it as it was.
pub(super) fn of<'a>(
    uid: &'a str,
    served: &Served,
    decided: &Decided,
) -> (Review<'a>, Vec<String>) {
    let mut response = match &decided.answer {
        Ok(answer) => answered(&served.id, answer.verdict, &answer.output),
        Err(problem) => undecided(&served.id, problem),
    };
    if decided.lenient {
        response.admit();
    }
    response.uid = Cow::Borrowed(uid);
    if let Some(id) = decided.id {
        response.audit_annotations.insert("decision-id".to_owned(), id.to_string());
    }
    let changes = std::mem::take(&mut response.changes);
    (Review { api_version: "admission.k8s.io/v1", kind: "AdmissionReview", response }, changes)
}

impl Response<'_> {
    /// A policy that is only watched admits everything as it is, whatever comes of it: what it
    /// would have done is noted.
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

fn undecided<'a>(id: &str, problem: &NoAnswer) -> Response<'a> {
    let code = match problem {
        NoAnswer::Input(error) => {
            let message = format!("policy `{id}`: {}", of_the_object(error));
            return refused(message, StatusCode::UNPROCESSABLE_ENTITY);
        }
        NoAnswer::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        NoAnswer::Stuck(_) | NoAnswer::Busy => StatusCode::SERVICE_UNAVAILABLE,
        NoAnswer::Exhausted(exhausted) => exhausted.status(),
        NoAnswer::Policy(_) | NoAnswer::Panicked(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    refused(format!("policy `{id}`: {problem}"), code)
}

/// What is wrong with an object, in the object's own terms: whoever wrote it has not seen the
/// review that it came in.
fn of_the_object(error: &DecodeError) -> String {
    let field = error.path.as_deref().and_then(|path| path.strip_prefix("request.object."));
    match field {
        Some(field) => format!("{}, at `{field}`", error.message),
        None => error.to_string(),
    }
}

fn refused<'a>(message: String, code: StatusCode) -> Response<'a> {
    Response { status: Some(Status::new(code, message)), ..Response::default() }
}

fn answered<'a>(id: &str, verdict: Option<Verdict>, output: &[u8]) -> Response<'a> {
    let text = String::from_utf8_lossy(output);
    let Some(verdict) = verdict else {
        let message = format!(
            "policy `{id}` gave no verdict: expected a boolean, or an object with `allowed`"
        );
        return refused(message, StatusCode::INTERNAL_SERVER_ERROR);
    };
    let fields = match serde_json::from_str(&text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => Map::new(),
        // There may be a patch in it.
        Err(error) => {
            let message = format!("policy `{id}` gave an answer that cannot be read: {error}");
            return refused(message, StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let Notes { warnings, annotations, changes } = Notes::read(&fields);
    let mut response = Response {
        allowed: verdict == Verdict::Allowed,
        warnings,
        audit_annotations: annotations,
        changes,
        ..Response::default()
    };
    if verdict == Verdict::Denied {
        let reasons = reasons(&text).join("; ");
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
        // To admit the object without the change that the policy wants would be wrong.
        Err(error) => {
            let message = format!("policy `{id}` gave a `patch` that is none: {error}");
            return refused(message, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is answered for an output; the policy's id is `pods`.
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
    fn a_denial_says_why_with_its_code() {
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
    fn an_admission_may_come_with_warnings_annotations_and_a_patch() {
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
    fn what_is_no_patch_admits_nothing() {
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
    fn a_monitored_denial_admits_and_is_annotated() {
        let response = answered_for(&json!({"allowed": false, "reason": "no role"}), true);
        assert_eq!(
            response,
            json!({"uid": "", "allowed": true, "auditAnnotations": {"monitored-denial": "no role"}})
        );
    }

    #[test]
    fn what_is_only_watched_admits_everything_as_it_is() {
        let patch = json!([{"op": "remove", "path": "/spec"}]);
        assert_eq!(
            answered_for(&json!({"allowed": true, "patch": patch}), true),
            json!({
                "uid": "", "allowed": true,
                "auditAnnotations": {"monitored-patch": "it would have changed the object"},
            })
        );
        let mut late = undecided("pods", &NoAnswer::TimedOut(std::time::Duration::from_secs(2)));
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
    fn an_answer_that_cannot_be_read_admits_nothing() {
        let deep = format!("{{\"allowed\":true,\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let response = answered("pods", Verdict::from_output(deep.as_bytes()), deep.as_bytes());
        let response = serde_json::to_value(response).unwrap();
        assert_eq!(
            (&response["allowed"], &response["status"]["code"]),
            (&json!(false), &json!(500))
        );
    }

    #[test]
    fn what_is_wrong_with_an_object_is_told_in_its_own_terms() {
        type Fields<T> = BTreeMap<String, T>;
        let error =
            |json: &[u8]| policy_api::decode::<Fields<Fields<Fields<u8>>>>(json).unwrap_err();
        let wrong = error(br#"{"request": {"object": {"spec": "x"}}}"#);
        assert_eq!(
            of_the_object(&wrong),
            "expected a whole number from 0 to 255, found the string \"x\", at `spec`"
        );
        let wrong = error(br#"{"request": {"options": {"a": 300}}}"#);
        assert!(of_the_object(&wrong).contains("at `request.options.a` (line 1"), "{wrong}");
    }

    #[test]
    fn an_output_that_is_no_verdict_admits_nothing() {
        let response = answered_for(&json!([]), false);
        assert_eq!(
            (&response["allowed"], &response["status"]["code"]),
            (&json!(false), &json!(500))
        );
    }
}
