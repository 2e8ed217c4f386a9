use std::fmt;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::data::{RequestMetrics, Warning, laid_out, monitored, object};
use super::writer::ObjectWriter;
use super::{OpaError, document};
use crate::server::app::App;
use crate::server::app::State;
use crate::server::deployment::Found;
use crate::server::recorder::{Asked, Call, Decided, decide};
use crate::server::response::Reply;
use crate::server::route::Path;

/// Inputs of one request. Each has an answer, which may be a hundred times as long.
const MAX_INPUTS: usize = 10_000;

/// The body of `POST /v1/batch/data`: inputs under keys of the caller's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest<'a> {
    #[serde(borrow)]
    inputs: Inputs<'a>,
}

/// In their order, with no key twice.
struct Inputs<'a>(Vec<(String, &'a RawValue)>);

/// An error in an answer that holds others as well.
#[derive(Serialize)]
struct Failed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status_code: Option<&'static str>,
    #[serde(flatten)]
    error: &'a OpaError,
}

/// Answers many questions to one policy: 200 when all have an answer, 207 when some have, 500 when
/// none has.
pub(in crate::server) async fn batch(
    app: &App,
    state: &State,
    call: &Call<'_>,
    path: &Path,
    body: Bytes,
) -> Result<Reply, OpaError> {
    let request: BatchRequest<'_> = object(&body)?;
    let inputs = request.inputs.0.len();
    if inputs > MAX_INPUTS {
        return Err(OpaError::invalid_parameter(format!(
            "the request has {inputs} inputs: expected at most {MAX_INPUTS}"
        )));
    }
    let (served, below) = match state.deployment.find(path) {
        Found::Policy(served, below) => (served, below),
        Found::Skipped(id, problem) => return Err(OpaError::skipped(id, problem)),
        Found::Nothing(message) => return Ok(undefined(call, &request, message)),
    };
    let batch = Uuid::new_v4();
    let mut all = Vec::with_capacity(request.inputs.0.len());
    for (key, input) in request.inputs.0 {
        let asked = Asked {
            path: path.as_str(),
            input: Some(body.slice_ref(input.get().as_bytes())),
            batch: Some(batch),
            request_id: None,
            always_enforced: false,
        };
        let decided = decide(app, state, call, served, asked).await;
        let id = decided.id.map(|id| id.to_string());
        let error = decided.answer.as_ref().err().map(|problem| OpaError {
            decision_id: id.clone(),
            ..OpaError::no_answer(served, problem)
        });
        all.push((key, decided, error));
    }
    let failures = all.iter().filter(|(_, _, error)| error.is_some()).count();
    let status = match failures {
        0 => StatusCode::OK,
        failures if failures < all.len() => StatusCode::MULTI_STATUS,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mixed = status == StatusCode::MULTI_STATUS;
    let evaluation: Duration =
        all.iter().filter_map(|(_, it, _)| it.answer.as_ref().ok()).map(|it| it.evaluation).sum();
    let mut responses = ObjectWriter::with_room_for(64 * all.len());
    for (key, decided, error) in &all {
        match error {
            Some(error) => {
                responses.field(key, &Failed { http_status_code: mixed.then_some("500"), error });
            }
            None => responses.raw(key, &answered(decided, below, mixed)),
        }
    }
    let mut object = ObjectWriter::with_room_for(0);
    if app.decision_log.is_some() {
        object.field("batch_decision_id", &batch.to_string());
    }
    if call.query.metrics {
        object.field("metrics", &RequestMetrics::of(call, evaluation));
    }
    object.raw("responses", &responses.end());
    let mut reply = laid_out(call, object.end());
    *reply.status_mut() = status;
    Ok(reply)
}

/// As one question is answered whose path leads to nothing: without results, and with a warning.
fn undefined(call: &Call<'_>, request: &BatchRequest<'_>, message: String) -> Reply {
    let mut responses = ObjectWriter::with_room_for(64 * request.inputs.0.len());
    for (key, _) in &request.inputs.0 {
        responses.raw(key, b"{}");
    }
    let mut object = ObjectWriter::with_room_for(0);
    object.raw("responses", &responses.end());
    object.field("warning", &Warning { code: "undefined", message });
    laid_out(call, object.end())
}

/// One answer among the others.
fn answered(decided: &Decided, below: &str, mixed: bool) -> Vec<u8> {
    let output = decided.answer.as_ref().map(|answer| answer.output.as_slice());
    let output = monitored(decided, output.unwrap_or_default());
    let mut object = ObjectWriter::with_room_for(output.len());
    if mixed {
        object.field("http_status_code", &"200");
    }
    let segments = below.split('/').filter(|segment| !segment.is_empty());
    if let Some(result) = document::at(&output, segments) {
        object.raw("result", result.as_bytes());
    }
    if let Some(id) = decided.id {
        object.field("decision_id", &id.to_string());
    }
    object.end()
}

impl<'de: 'a, 'a> Deserialize<'de> for Inputs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Inputs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of inputs by keys of your own")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inputs<'de>, A::Error> {
                let mut inputs = Vec::new();
                let mut keys = std::collections::HashSet::new();
                while let Some((key, input)) = map.next_entry::<String, &'de RawValue>()? {
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!(
                            "the key `{key}` is there twice"
                        )));
                    }
                    inputs.push((key, input));
                }
                Ok(Inputs(inputs))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
