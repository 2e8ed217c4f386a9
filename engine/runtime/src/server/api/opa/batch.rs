use std::fmt;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::body::Bytes;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::OpaError;
use super::data::{OpaWarning, RequestTimers, finish, output_text, read_object};
use crate::decision_log::DecisionLog;
use crate::documents::value_at;
use crate::json_object::JsonObject;
use crate::policies::{PolicyLookup, PolicyPath};
use crate::server::decide::{DecisionRequest, DecisionResult, RequestContext, decide};
use crate::server::http::memory_budget::{Buffer, Exhausted, Reservation};
use crate::server::http::response::Reply;
use crate::server::policy::{EvaluationFailure, ServedPolicy};

/// The most inputs of one request. Each has an answer, which may be a hundred times as long.
const MAX_INPUTS: usize = 10_000;

/// The memory that an input needs at most beside its text: its key in the list and in the set that
/// finds duplicates, and the position of its answer. Lists are doubled as they grow.
const INPUT_BYTES: usize = 320;

/// The time for all inputs of a request, as a multiple of the policy's timeout. Inputs that are left
/// then count as timed out.
const MAX_TIMEOUTS: u32 = 10;

/// The first field of an answer beside failed ones, and of a failed one beside others.
const CODE: &[u8] = br#""http_status_code":"200""#;
const FAILED: &[u8] = br#""http_status_code":"500""#;

/// The body of `POST /v1/batch/data`: inputs under keys of the client's choice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest<'a> {
    #[serde(borrow)]
    inputs: BatchInputs<'a>,
}

/// The inputs in their order. No key occurs twice.
struct BatchInputs<'a> {
    all: Vec<(String, &'a RawValue)>,
    /// The number of inputs, also where they are too many to be kept.
    count: usize,
}

/// Answers many questions to one policy: 200 when all have an answer, 207 when some have, 500 when
/// none has.
pub(super) async fn answer(
    context: &RequestContext<'_>,
    path: &PolicyPath,
    body: Bytes,
) -> Result<Reply, OpaError> {
    let memory = &context.app.memory;
    // There are two copies of each key.
    let mut keys = Reservation::beside(memory, body.len());
    let keys_bytes = |inputs: usize| 2 * body.len() + inputs.min(MAX_INPUTS + 1) * INPUT_BYTES;
    let most = 1 + body.iter().filter(|byte| **byte == b',').count();
    keys.grow(keys_bytes(most)).map_err(OpaError::exhausted)?;
    let request: BatchRequest<'_> = read_object(&body)?;
    let inputs = request.inputs.count;
    keys.shrink(keys_bytes(most) - keys_bytes(inputs));
    if inputs > MAX_INPUTS {
        return Err(OpaError::invalid_parameter(format!(
            "the request has {inputs} inputs: expected at most {MAX_INPUTS}"
        )));
    }
    let (policy, field) = match context.state.policies.find(path) {
        PolicyLookup::Found(policy, field) => (policy, field),
        PolicyLookup::NotServed(message) => return Err(OpaError::not_served(message)),
        PolicyLookup::Missing(message) => {
            let mut memory = Reservation::beside(memory, body.len());
            memory.grow(2 * body.len()).map_err(OpaError::exhausted)?;
            return Ok(undefined(context, &request, message, memory));
        }
    };
    let batch = Uuid::new_v4();
    // Each answer is written at once, so that only its text is kept.
    let mut answers = BatchAnswers::new(Reservation::beside(memory, body.len()));
    let mut evaluation = Duration::ZERO;
    let time = policy.timeout.saturating_mul(MAX_TIMEOUTS);
    // The body may have taken long to arrive.
    let began = Instant::now();
    for (key, input) in request.inputs.all {
        let outcome = if began.elapsed() < time {
            let request = DecisionRequest {
                held: body.len().saturating_add(answers.bytes()),
                path: path.as_str(),
                input: Some(body.slice_ref(input.get().as_bytes())),
                batch: Some(batch),
                request_id: None,
                always_enforced: false,
            };
            decide(context, policy, request).await
        } else {
            DecisionResult::not_asked(EvaluationFailure::TimedOut(time))
        };
        evaluation += outcome.result.as_ref().map_or(Duration::ZERO, |output| output.elapsed);
        answers.push(&key, policy, field, &outcome).map_err(OpaError::exhausted)?;
    }
    let status = answers.status();
    let mut head = Vec::with_capacity(64);
    let mut object = JsonObject::begin(&mut head);
    if context.app.decision_log.as_ref().is_some_and(DecisionLog::is_written) {
        object.id("batch_decision_id", batch);
    }
    if context.query.metrics {
        object.value("metrics", &RequestTimers::new(context, evaluation));
    }
    object.last_field("responses");
    let (text, memory) = answers.end(&head).map_err(OpaError::exhausted)?;
    let mut reply = finish(context, text, memory);
    *reply.status_mut() = status;
    Ok(reply)
}

/// The answers of a batch, as text.
struct BatchAnswers {
    text: Buffer,
    /// The position of each answer's fields in the text, and whether the answer is an error.
    begun: Vec<(usize, bool)>,
}

impl BatchAnswers {
    fn new(memory: Reservation) -> Self {
        Self { text: Buffer::new(memory, 0), begun: Vec::new() }
    }

    fn bytes(&self) -> usize {
        self.text.text().len()
    }

    fn push(
        &mut self,
        key: &str,
        policy: &ServedPolicy,
        field: &str,
        outcome: &DecisionResult,
    ) -> Result<(), Exhausted> {
        let output = outcome.result.as_ref().map_or(&[][..], |output| &output.text);
        // The text that is written here, and the rewritten output of a monitored denial.
        let copies = if outcome.is_monitored_denial() { 2 } else { 1 };
        let mut memory = self.text.beside();
        memory.grow(copies * output.len())?;
        let answer = match &outcome.result {
            Ok(_) => write_answer(outcome, output, field),
            Err(failure) => {
                let id = outcome.id.map(|id| id.to_string());
                let error = OpaError::from_failure(policy, failure).with_decision_id(id);
                serde_json::to_vec(&error).unwrap_or_default()
            }
        };
        self.text.push(if self.begun.is_empty() { b"{" } else { b"," })?;
        self.text.push(&serde_json::to_vec(key).unwrap_or_default())?;
        self.text.push(b":")?;
        self.begun.push((self.bytes() + 1, outcome.result.is_err()));
        self.text.push(&answer)
    }

    fn status(&self) -> StatusCode {
        let failures = self.begun.iter().filter(|(_, failed)| *failed).count();
        match failures {
            0 => StatusCode::OK,
            failures if failures < self.begun.len() => StatusCode::MULTI_STATUS,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The response, which begins with `head`. Where some answers are errors, each has a status of
    /// its own.
    fn end(mut self, head: &[u8]) -> Result<(Vec<u8>, Reservation), Exhausted> {
        self.text.push(if self.begun.is_empty() { b"{}" } else { b"}" })?;
        let is_mixed = self.status() == StatusCode::MULTI_STATUS;
        let codes = if is_mixed { (CODE.len() + 1) * self.begun.len() } else { 0 };
        let length = head.len() + self.bytes() + codes + 1;
        let mut memory = self.text.beside();
        memory.grow(length)?;
        let mut text = Vec::with_capacity(length);
        text.extend_from_slice(head);
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

/// The response for a path that leads to nothing, as to a single question: no results, and a
/// warning.
fn undefined(
    context: &RequestContext<'_>,
    request: &BatchRequest<'_>,
    message: String,
    memory: Reservation,
) -> Reply {
    let mut text = Vec::new();
    let mut object = JsonObject::begin(&mut text);
    object.object("responses", |responses| {
        for (key, _) in &request.inputs.all {
            responses.json(key, "{}");
        }
    });
    object.value("warning", &OpaWarning::undefined(message));
    object.end();
    finish(context, text, memory)
}

/// Writes one answer among the others.
fn write_answer(outcome: &DecisionResult, output: &[u8], field: &str) -> Vec<u8> {
    let output = output_text(outcome, output);
    let mut text = Vec::with_capacity(output.len() + 64);
    let mut object = JsonObject::begin(&mut text);
    let segments = field.split('/').filter(|segment| !segment.is_empty());
    if let Some(result) = value_at(&output, segments) {
        object.json("result", result);
    }
    if let Some(id) = outcome.id {
        object.id("decision_id", id);
    }
    object.end();
    text
}

impl<'de: 'a, 'a> Deserialize<'de> for BatchInputs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InputsVisitor;
        impl<'de> Visitor<'de> for InputsVisitor {
            type Value = BatchInputs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of inputs by keys of your own")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<BatchInputs<'de>, A::Error> {
                let mut inputs = Vec::new();
                let mut keys = std::collections::HashSet::new();
                while inputs.len() <= MAX_INPUTS
                    && let Some((key, input)) = map.next_entry::<String, &'de RawValue>()?
                {
                    if !keys.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("the key `{key}` occurs twice")));
                    }
                    inputs.push((key, input));
                }
                let mut count = inputs.len();
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(BatchInputs { all: inputs, count })
            }
        }
        deserializer.deserialize_map(InputsVisitor)
    }
}
