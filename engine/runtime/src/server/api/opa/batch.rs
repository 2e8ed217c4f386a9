use std::fmt;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::data::{RequestMetrics, Warning, laid_out, monitored, object};
use super::writer::ObjectWriter;
use super::{OpaError, document};
use crate::server::decide::{Asked, Call, Decided, decide};
use crate::server::http::memory_budget::{Buffer, Exhausted, Reservation};
use crate::server::http::response::Reply;
use crate::server::http::route::Path;
use crate::server::policy::deployment::Found;
use crate::server::policy::{NoAnswer, Served};
use crate::server::state::App;
use crate::server::state::State;

/// Inputs of one request. Each has an answer, which may be a hundred times as long.
const MAX_INPUTS: usize = 10_000;

/// What an input takes at most beside its text: its key's place and memory, in the list and while it
/// is looked for twice, and where its answer begins. Lists are doubled as they grow.
const INPUT_BYTES: usize = 320;

/// How many times as long as its policy may take for one input a request may take for all of them.
/// Those that are left then are answered as timed out.
const MAX_TIMEOUTS: u32 = 10;

/// What stands first in an answer beside failed ones, and in a failed one beside others.
const CODE: &[u8] = br#""http_status_code":"200""#;
const FAILED: &[u8] = br#""http_status_code":"500""#;

/// The body of `POST /v1/batch/data`: inputs under keys of the caller's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest<'a> {
    #[serde(borrow)]
    inputs: Inputs<'a>,
}

/// In their order, with no key twice.
struct Inputs<'a> {
    all: Vec<(String, &'a RawValue)>,
    /// How many there are, also where they are too many to be kept.
    count: usize,
}

/// Answers many questions to one policy: 200 when all have an answer, 207 when some have, 500 when
/// none has.
pub(crate) async fn batch(
    app: &App,
    state: &State,
    call: &Call<'_>,
    path: &Path,
    body: Bytes,
) -> Result<Reply, OpaError> {
    // Of the keys, two copies.
    let mut keys = Reservation::beside(&app.memory, body.len());
    let keys_bytes = |inputs: usize| 2 * body.len() + inputs.min(MAX_INPUTS + 1) * INPUT_BYTES;
    let most = 1 + body.iter().filter(|byte| **byte == b',').count();
    keys.grow(keys_bytes(most)).map_err(OpaError::exhausted)?;
    let request: BatchRequest<'_> = object(&body)?;
    let inputs = request.inputs.count;
    keys.shrink(keys_bytes(most) - keys_bytes(inputs));
    if inputs > MAX_INPUTS {
        return Err(OpaError::invalid_parameter(format!(
            "the request has {inputs} inputs: expected at most {MAX_INPUTS}"
        )));
    }
    let (served, below) = match state.deployment.find(path) {
        Found::Policy(served, below) => (served, below),
        Found::Skipped(id, problem) => return Err(OpaError::skipped(id, problem)),
        Found::Nothing(message) => {
            let mut memory = Reservation::beside(&app.memory, body.len());
            memory.grow(2 * body.len()).map_err(OpaError::exhausted)?;
            return Ok(undefined(call, &request, message, memory));
        }
    };
    let batch = Uuid::new_v4();
    // Each answer is written at once, so that only its text is kept.
    let mut responses = Responses::new(Reservation::beside(&app.memory, body.len()));
    let mut evaluation = Duration::ZERO;
    let time = served.timeout.saturating_mul(MAX_TIMEOUTS);
    for (key, input) in request.inputs.all {
        let decided = if call.started.elapsed() < time {
            let asked = Asked {
                held: body.len().saturating_add(responses.bytes()),
                path: path.as_str(),
                input: Some(body.slice_ref(input.get().as_bytes())),
                batch: Some(batch),
                request_id: None,
                always_enforced: false,
            };
            decide(app, state, call, served, asked).await
        } else {
            Decided::unasked(NoAnswer::TimedOut(time))
        };
        evaluation += decided.answer.as_ref().map_or(Duration::ZERO, |answer| answer.evaluation);
        responses.push(&key, served, below, &decided).map_err(OpaError::exhausted)?;
    }
    let status = responses.status();
    let mut object = ObjectWriter::with_room_for(0);
    if app.decision_log.is_some() {
        object.field("batch_decision_id", &batch.to_string());
    }
    if call.query.metrics {
        object.field("metrics", &RequestMetrics::of(call, evaluation));
    }
    let (text, memory) = responses.end(object).map_err(OpaError::exhausted)?;
    let mut reply = laid_out(call, text, memory);
    *reply.status_mut() = status;
    Ok(reply)
}

/// The answers of a batch, as text.
struct Responses {
    text: Buffer,
    /// Where each answer's fields begin in the text, and whether it is an error.
    begun: Vec<(usize, bool)>,
}

impl Responses {
    fn new(memory: Reservation) -> Self {
        Self { text: Buffer::new(memory, 0), begun: Vec::new() }
    }

    fn bytes(&self) -> usize {
        self.text.text().len()
    }

    fn push(
        &mut self,
        key: &str,
        served: &Served,
        below: &str,
        decided: &Decided,
    ) -> Result<(), Exhausted> {
        let output = decided.answer.as_ref().map_or(&[][..], |answer| &answer.output);
        // What is written here, and a denial that is turned around.
        let mut memory = self.text.beside();
        memory.grow(if decided.monitored { 2 * output.len() } else { output.len() })?;
        let one = match &decided.answer {
            Ok(_) => answered(decided, below),
            Err(problem) => {
                let error = OpaError::no_answer(served, problem);
                let decision_id = decided.id.map(|id| id.to_string());
                serde_json::to_vec(&OpaError { decision_id, ..error }).unwrap_or_default()
            }
        };
        self.text.push(if self.begun.is_empty() { b"{" } else { b"," })?;
        self.text.push(&serde_json::to_vec(key).unwrap_or_default())?;
        self.text.push(b":")?;
        self.begun.push((self.bytes() + 1, decided.answer.is_err()));
        self.text.push(&one)
    }

    fn status(&self) -> StatusCode {
        let failures = self.begun.iter().filter(|(_, failed)| *failed).count();
        match failures {
            0 => StatusCode::OK,
            failures if failures < self.begun.len() => StatusCode::MULTI_STATUS,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer to the request, of which the other fields are there. Where some have failed, each
    /// answer says for itself whether it has.
    fn end(mut self, object: ObjectWriter) -> Result<(Vec<u8>, Reservation), Exhausted> {
        self.text.push(if self.begun.is_empty() { b"{}" } else { b"}" })?;
        let is_mixed = self.status() == StatusCode::MULTI_STATUS;
        let object = object.open("responses");
        let codes = if is_mixed { (CODE.len() + 1) * self.begun.len() } else { 0 };
        let length = object.len() + self.bytes() + codes + 1;
        let mut memory = self.text.beside();
        memory.grow(length)?;
        let mut text = Vec::with_capacity(length);
        text.extend_from_slice(&object);
        let all = self.text.text();
        let mut from = 0;
        for (at, failed) in self.begun.iter().filter(|_| is_mixed) {
            text.extend_from_slice(all.get(from..*at).unwrap_or_default());
            text.extend_from_slice(if *failed { FAILED } else { CODE });
            if all.get(*at) != Some(&b'}') {
                text.push(b',');
            }
            from = *at;
        }
        text.extend_from_slice(all.get(from..).unwrap_or_default());
        text.push(b'}');
        Ok((text, memory))
    }
}

/// As one question is answered whose path leads to nothing: without results, and with a warning.
fn undefined(
    call: &Call<'_>,
    request: &BatchRequest<'_>,
    message: String,
    memory: Reservation,
) -> Reply {
    let mut responses = ObjectWriter::with_room_for(64 * request.inputs.all.len());
    for (key, _) in &request.inputs.all {
        responses.raw(key, b"{}");
    }
    let mut object = ObjectWriter::with_room_for(0);
    object.raw("responses", &responses.end());
    object.field("warning", &Warning { code: "undefined", message });
    laid_out(call, object.end(), memory)
}

/// One answer among the others.
fn answered(decided: &Decided, below: &str) -> Vec<u8> {
    let output = decided.answer.as_ref().map(|answer| answer.output.as_slice());
    let output = monitored(decided, output.unwrap_or_default());
    let mut object = ObjectWriter::with_room_for(output.len());
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
                while inputs.len() <= MAX_INPUTS
                    && let Some((key, input)) = map.next_entry::<String, &'de RawValue>()?
                {
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!(
                            "the key `{key}` is there twice"
                        )));
                    }
                    inputs.push((key, input));
                }
                let mut count = inputs.len();
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Inputs { all: inputs, count })
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
