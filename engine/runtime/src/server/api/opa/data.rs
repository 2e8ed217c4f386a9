use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use policy_api::decode_seed;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::OpaError;
use super::policies::OpaProvenance;
use super::route::DataApi;
use crate::documents::{ToJson, value_at};
use crate::json_object::JsonObject;
use crate::policies::{PolicyLookup, PolicyPath};
use crate::server::decide::{DecisionRequest, DecisionResult, RequestContext, decide};
use crate::server::http::memory_budget::Reservation;
use crate::server::http::response::{self, Reply, ReplyText};
use crate::server::monitor;
use crate::server::policy::EvaluationFailure;

/// The longest response that is indented.
const MAX_PRETTY_BYTES: usize = 128 << 10;

/// The longest response after that: deeply nested values are mostly indentation.
const MAX_PRETTY_LENGTH: usize = 1 << 20;

/// The bytes that the fields beside a result have at most.
const OTHER_FIELDS_BYTES: usize = 1 << 10;

/// The body of `POST /v1/data`.
#[derive(Deserialize)]
struct DataRequest<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    input: Option<&'a RawValue>,
}

/// Keeps a `null` apart from a missing input.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The fields of a response of `/v1/data` beside the result.
#[derive(Default)]
struct DataFields {
    evaluation: Duration,
    warning: Option<OpaWarning>,
    decision_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct OpaWarning {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl OpaWarning {
    pub(super) fn undefined(message: String) -> Self {
        Self { code: "undefined", message }
    }

    fn missing_input() -> Self {
        let message = "'input' key missing from the request".to_owned();
        Self { code: "api_usage_warning", message }
    }

    fn monitored(id: &str) -> Self {
        let message = format!(
            "policy `{id}` denies this, and its mode is `monitor`: it is answered as allowed"
        );
        Self { code: "monitor", message }
    }
}

/// Durations by the names that OPA gives them, in nanoseconds.
#[derive(Serialize)]
pub(super) struct RequestTimers {
    timer_rego_query_eval_ns: u128,
    timer_server_handler_ns: u128,
}

impl RequestTimers {
    pub(super) fn new(context: &RequestContext<'_>, evaluation: Duration) -> Self {
        Self {
            timer_rego_query_eval_ns: evaluation.as_nanos(),
            timer_server_handler_ns: context.started.elapsed().as_nanos(),
        }
    }
}

/// Answers one question of the Data API.
pub(super) async fn answer(
    context: &RequestContext<'_>,
    api: DataApi,
    path: &PolicyPath,
    body: Bytes,
) -> Result<Reply, OpaError> {
    let memory = &context.app.memory;
    let input = read_input(api, context, &body)?;
    let (policy, field) = match context.state.policies.find(path) {
        PolicyLookup::Found(policy, field) => (policy, field),
        PolicyLookup::NotServed(message) => return Err(OpaError::not_served(message)),
        PolicyLookup::Missing(_) if api == DataApi::V0 => {
            return Err(OpaError::undefined(path.as_str()));
        }
        PolicyLookup::Missing(message) => {
            let warning = Some(OpaWarning::undefined(message));
            let fields = DataFields { warning, ..DataFields::default() };
            return Ok(write_v1(context, None, &fields, Reservation::empty(memory)));
        }
    };
    let is_missing = input.is_none();
    let request = DecisionRequest {
        held: body.len(),
        path: path.as_str(),
        input,
        batch: None,
        request_id: None,
        always_enforced: false,
    };
    let outcome = decide(context, policy, request).await;
    let decision_id = outcome.id.map(|id| id.to_string());
    // The client's copy of the output, and the rewritten one of a monitored denial.
    let length = outcome.result.as_ref().map_or(0, |output| output.text.len());
    let copies = if outcome.is_monitored_denial() { 2 } else { 1 };
    let mut memory = Reservation::beside(memory, length);
    if let Err(exhausted) = memory.grow(copies * length + OTHER_FIELDS_BYTES) {
        return Err(OpaError::exhausted(exhausted).with_decision_id(decision_id));
    }
    let output = match &outcome.result {
        Ok(output) => output,
        // With OPA, a policy that looks into a missing input is undefined.
        Err(EvaluationFailure::Input(_)) if is_missing && api != DataApi::V0 => {
            let warning = Some(OpaWarning::missing_input());
            let fields = DataFields { warning, decision_id, ..DataFields::default() };
            return Ok(write_v1(context, None, &fields, memory));
        }
        Err(failure) => {
            return Err(OpaError::from_failure(policy, failure).with_decision_id(decision_id));
        }
    };
    let text = output_text(&outcome, &output.text);
    let result = value_at(&text, field.split('/').filter(|segment| !segment.is_empty()));
    if api == DataApi::V0 {
        return match result {
            Some(result) => Ok(finish(context, result.as_bytes().to_vec(), memory)),
            None => Err(OpaError::undefined(path.as_str()).with_decision_id(decision_id)),
        };
    }
    let warning = if outcome.is_monitored_denial() {
        Some(OpaWarning::monitored(&policy.id))
    } else {
        is_missing.then(OpaWarning::missing_input)
    };
    let fields = DataFields { evaluation: output.elapsed, warning, decision_id };
    Ok(write_v1(context, result, &fields, memory))
}

/// The text of an output as the client gets it: a monitored denial is rewritten to an approval.
pub(super) fn output_text<'a>(outcome: &DecisionResult, output: &'a [u8]) -> Cow<'a, str> {
    // JSON is UTF-8.
    let output =
        str::from_utf8(output).map_or_else(|_| String::from_utf8_lossy(output), Cow::Borrowed);
    if outcome.is_monitored_denial()
        && let Some(allowed) = monitor::allowed(&output)
    {
        return Cow::Owned(allowed);
    }
    output
}

/// Reads the input of a request; `None` where there is none.
fn read_input(
    api: DataApi,
    context: &RequestContext<'_>,
    body: &Bytes,
) -> Result<Option<Bytes>, OpaError> {
    let text = match api {
        DataApi::V0 if body.is_empty() => return Ok(None),
        DataApi::V0 => body.clone(),
        DataApi::V1Get => match &context.query.input {
            None => return Ok(None),
            Some(input) => Bytes::copy_from_slice(input.as_bytes()),
        },
        DataApi::V1 => {
            if body.trim_ascii().is_empty() {
                return Ok(None);
            }
            let request: DataRequest<'_> = read_object(body)?;
            return Ok(request.input.map(|input| body.slice_ref(input.get().as_bytes())));
        }
    };
    decode_seed(PhantomData::<&RawValue>, &text)
        .map_err(|error| OpaError::invalid_parameter(format!("the input is not JSON: {error}")))?;
    Ok(Some(text))
}

/// Reads a request's body, which is a JSON object.
pub(super) fn read_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, OpaError> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(OpaError::invalid_parameter(
            "the request's body is not a JSON object such as `{\"input\": …}`",
        ));
    }
    decode_seed(PhantomData, body).map_err(|error| {
        OpaError::invalid_parameter(format!("the request's body is not what it should be: {error}"))
    })
}

fn write_v1(
    context: &RequestContext<'_>,
    result: Option<&str>,
    fields: &DataFields,
    memory: Reservation,
) -> Reply {
    let mut text = Vec::with_capacity(result.map_or(0, str::len) + 64);
    let mut object = JsonObject::begin(&mut text);
    if context.query.provenance {
        object.value("provenance", &OpaProvenance::new(context.app, context.state));
    }
    if context.query.metrics {
        object.value("metrics", &RequestTimers::new(context, fields.evaluation));
    }
    if let Some(result) = result {
        object.json("result", result);
    }
    if let Some(warning) = &fields.warning {
        object.value("warning", warning);
    }
    if let Some(id) = &fields.decision_id {
        object.text("decision_id", id);
    }
    object.end();
    finish(context, text, memory)
}

/// The response of JSON text, indented where the client asks for it. Long text is not: it might
/// become a hundred times as long.
pub(super) fn finish(
    context: &RequestContext<'_>,
    text: Vec<u8>,
    mut memory: Reservation,
) -> Reply {
    if context.query.pretty && text.len() <= MAX_PRETTY_BYTES {
        let length = pretty_length(&text);
        if length <= MAX_PRETTY_LENGTH && memory.grow(length).is_ok() {
            let mut pretty = Vec::with_capacity(length);
            let mut deserializer = serde_json::Deserializer::from_slice(&text);
            if ToJson::pretty(&mut pretty).deserialize(&mut deserializer).is_ok() {
                return response::json(StatusCode::OK, ReplyText::reserved(pretty, memory));
            }
        }
    }
    response::json(StatusCode::OK, ReplyText::reserved(text, memory))
}

/// The greatest length that compact JSON text may have once it is indented.
fn pretty_length(text: &[u8]) -> usize {
    let (mut depth, mut length, mut in_string, mut escaped) = (0_usize, text.len(), false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                length += 1 + 2 * depth;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                length += 1 + 2 * depth;
            }
            b',' => length += 1 + 2 * depth,
            b':' => length += 1,
            _ => {}
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented_text_is_no_longer_than_estimated() {
        for (text, exact) in [
            (r#"{"a":[1,2,{"b":"x,]\"[{"}],"c":true}"#, true),
            ("[]", false),
            ("7", true),
            (r#"[[[[[{"a":{}}]]]]]"#, false),
        ] {
            let mut pretty = Vec::new();
            let mut deserializer = serde_json::Deserializer::from_str(text);
            ToJson::pretty(&mut pretty).deserialize(&mut deserializer).unwrap();
            let estimate = pretty_length(text.as_bytes());
            assert!(
                pretty.len() <= estimate && (!exact || pretty.len() == estimate),
                "{text}: {estimate}"
            );
        }
    }
}
