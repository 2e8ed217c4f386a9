use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use policy_api::decode_seed;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::policies::Provenance;
use super::writer::ObjectWriter;
use super::{OpaError, document};
use crate::documents::ToJson;
use crate::server::decide::{Asked, Call, Decided, decide};
use crate::server::http::memory_budget::Reservation;
use crate::server::http::response::{self, Reply, Text};
use crate::server::http::route::{DataApi, Path};
use crate::server::monitor;
use crate::server::policy::NoAnswer;
use crate::server::policy::deployment::Found;
use crate::server::state::{App, State};

/// The longest answer that is laid out for people.
const MAX_PRETTY_BYTES: usize = 128 << 10;

/// The longest that it becomes by that: what is nested deeply is mostly space.
const MAX_PRETTY_LENGTH: usize = 1 << 20;

/// What stands beside a result in an answer, at most.
const BESIDE_BYTES: usize = 1 << 10;

/// The body of `POST /v1/data`.
#[derive(Deserialize)]
struct DataRequest<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    input: Option<&'a RawValue>,
}

/// `null` is an input; no input is another thing.
pub(super) fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What `/v1/data` answers, beside the result. A path that leads to nothing has no `result`.
#[derive(Default)]
struct Beside {
    evaluation: Duration,
    warning: Option<Warning>,
    decision_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Warning {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// By the names that OPA gives them, in nanoseconds.
#[derive(Serialize)]
pub(super) struct RequestMetrics {
    timer_rego_query_eval_ns: u128,
    timer_server_handler_ns: u128,
}

impl RequestMetrics {
    pub(super) fn of(call: &Call<'_>, evaluation: Duration) -> Self {
        Self {
            timer_rego_query_eval_ns: evaluation.as_nanos(),
            timer_server_handler_ns: call.started.elapsed().as_nanos(),
        }
    }
}

/// Answers one question of the Data API.
pub(crate) async fn data(
    app: &App,
    state: &State,
    call: &Call<'_>,
    api: DataApi,
    path: &Path,
    body: Bytes,
) -> Result<Reply, OpaError> {
    let input = input(api, call, &body)?;
    let (served, below) = match state.deployment.find(path) {
        Found::Policy(served, below) => (served, below),
        Found::Skipped(id, problem) => return Err(OpaError::skipped(id, problem)),
        Found::Nothing(_) if api == DataApi::V0 => {
            return Err(OpaError::undefined(path.as_str()));
        }
        Found::Nothing(message) => {
            let warning = Some(Warning { code: "undefined", message });
            let beside = Beside { warning, ..Beside::default() };
            let memory = Reservation::empty(&app.memory);
            return Ok(v1(app, state, call, None, &beside, memory));
        }
    };
    let missing = input.is_none();
    let asked = Asked {
        held: body.len(),
        path: path.as_str(),
        input,
        batch: None,
        request_id: None,
        always_enforced: false,
    };
    let decided = decide(app, state, call, served, asked).await;
    let decision_id = decided.id.map(|id| id.to_string());
    let missing_input = || Warning {
        code: "api_usage_warning",
        message: "'input' key missing from the request".to_owned(),
    };
    // The caller's copy of the output, and a denial that is turned around on the way.
    let length = decided.answer.as_ref().map_or(0, |answer| answer.output.len());
    let mut memory = Reservation::beside(&app.memory, length);
    memory.grow(if decided.monitored { 2 * length } else { length } + BESIDE_BYTES).map_err(
        |exhausted| OpaError { decision_id: decision_id.clone(), ..OpaError::exhausted(exhausted) },
    )?;
    let (output, evaluation) = match result(&decided) {
        Ok(found) => found,
        // With OPA a policy that looks into an input which is not there is undefined.
        Err(NoAnswer::Input(_)) if missing && api != DataApi::V0 => {
            let warning = Some(missing_input());
            let beside = Beside { warning, decision_id, ..Beside::default() };
            return Ok(v1(app, state, call, None, &beside, memory));
        }
        Err(problem) => {
            return Err(OpaError { decision_id, ..OpaError::no_answer(served, problem) });
        }
    };
    let result = document::at(&output, below.split('/').filter(|segment| !segment.is_empty()));
    if api == DataApi::V0 {
        return match result {
            Some(result) => Ok(laid_out(call, result.as_bytes().to_vec(), memory)),
            None => Err(OpaError { decision_id, ..OpaError::undefined(path.as_str()) }),
        };
    }
    let warning = if decided.monitored {
        let message = format!(
            "policy `{}` denies this, and its mode is `monitor`: it is answered as allowed",
            served.id
        );
        Some(Warning { code: "monitor", message })
    } else {
        missing.then(missing_input)
    };
    Ok(v1(app, state, call, result, &Beside { evaluation, warning, decision_id }, memory))
}

/// The answer's text as the caller gets it, and how long it took.
fn result(decided: &Decided) -> Result<(Cow<'_, str>, Duration), &NoAnswer> {
    let answer = decided.answer.as_ref()?;
    Ok((monitored(decided, &answer.output), answer.evaluation))
}

/// An output as the caller gets it: a denial that is only to be seen is turned around.
pub(super) fn monitored<'a>(decided: &Decided, output: &'a [u8]) -> Cow<'a, str> {
    // It was written as JSON, which is UTF-8.
    let output =
        str::from_utf8(output).map_or_else(|_| String::from_utf8_lossy(output), Cow::Borrowed);
    if decided.monitored
        && let Some(allowed) = monitor::allowed(&output)
    {
        return Cow::Owned(allowed);
    }
    output
}

/// What the caller asks about; `None` where it gave no input.
fn input(api: DataApi, call: &Call<'_>, body: &Bytes) -> Result<Option<Bytes>, OpaError> {
    let text = match api {
        DataApi::V0 if body.is_empty() => return Ok(None),
        DataApi::V0 => body.clone(),
        DataApi::V1Get => match &call.query.input {
            None => return Ok(None),
            Some(input) => Bytes::copy_from_slice(input.as_bytes()),
        },
        DataApi::V1 => {
            if body.trim_ascii().is_empty() {
                return Ok(None);
            }
            let request: DataRequest<'_> = object(body)?;
            return Ok(request.input.map(|input| body.slice_ref(input.get().as_bytes())));
        }
    };
    decode_seed(PhantomData::<&RawValue>, &text)
        .map_err(|error| OpaError::invalid_parameter(format!("the input is not JSON: {error}")))?;
    Ok(Some(text))
}

/// A request that is an object.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, OpaError> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(OpaError::invalid_parameter(
            "the request's body is not a JSON object such as `{\"input\": …}`",
        ));
    }
    decode_seed(PhantomData, body).map_err(|error| {
        OpaError::invalid_parameter(format!("the request's body is not what it should be: {error}"))
    })
}

fn v1(
    app: &App,
    state: &State,
    call: &Call<'_>,
    result: Option<&str>,
    beside: &Beside,
    memory: Reservation,
) -> Reply {
    let mut object = ObjectWriter::with_room_for(result.map_or(0, str::len));
    if call.query.provenance {
        object.field("provenance", &Provenance::of(app, state));
    }
    if call.query.metrics {
        object.field("metrics", &RequestMetrics::of(call, beside.evaluation));
    }
    if let Some(result) = result {
        object.raw("result", result.as_bytes());
    }
    if let Some(warning) = &beside.warning {
        object.field("warning", warning);
    }
    if let Some(id) = &beside.decision_id {
        object.field("decision_id", id);
    }
    laid_out(call, object.end(), memory)
}

/// JSON text as the caller wants to see it. What is too long to look at stays on one line: laid
/// out it might be a hundred times as long.
pub(super) fn laid_out(call: &Call<'_>, text: Vec<u8>, mut memory: Reservation) -> Reply {
    if call.query.pretty && text.len() <= MAX_PRETTY_BYTES {
        let length = pretty_length(&text);
        if length <= MAX_PRETTY_LENGTH && memory.grow(length).is_ok() {
            let mut pretty = Vec::with_capacity(length);
            let mut deserializer = serde_json::Deserializer::from_slice(&text);
            if ToJson::pretty(&mut pretty).deserialize(&mut deserializer).is_ok() {
                return response::json(StatusCode::OK, Text::reserved(pretty, memory));
            }
        }
    }
    response::json(StatusCode::OK, Text::reserved(text, memory))
}

/// How long compact JSON text becomes when it is laid out, at most.
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
    fn what_is_laid_out_is_no_longer_than_was_told() {
        for (text, exact) in [
            (r#"{"a":[1,2,{"b":"x,]\"[{"}],"c":true}"#, true),
            ("[]", false),
            ("7", true),
            (r#"[[[[[{"a":{}}]]]]]"#, false),
        ] {
            let mut pretty = Vec::new();
            let mut deserializer = serde_json::Deserializer::from_str(text);
            ToJson::pretty(&mut pretty).deserialize(&mut deserializer).unwrap();
            let told = pretty_length(text.as_bytes());
            assert!(pretty.len() <= told && (!exact || pretty.len() == told), "{text}: {told}");
        }
    }
}
