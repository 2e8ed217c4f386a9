use std::borrow::Cow;

use policy_api::Verdict;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::config::Mode;
use crate::replay::{Effect, Hidden};

/// What a log says of one decision.
#[derive(Debug)]
pub(in crate::replay) struct LoggedDecision<'a> {
    pub(in crate::replay) id: Cow<'a, str>,
    /// The path as it was asked for, such as `pods/1.2/allowed`.
    pub(in crate::replay) path: Cow<'a, str>,
    /// The fields that only this engine writes.
    pub(in crate::replay) own: Option<Own<'a>>,
    pub(in crate::replay) request_id: Cow<'a, str>,
    /// JSON text; `null` where none was given.
    pub(in crate::replay) input: &'a str,
    pub(in crate::replay) effect: Effect,
    /// The whole of the answer, where the log has it: of this engine the policy's, of OPA the
    /// value at the path.
    pub(in crate::replay) result: Option<&'a str>,
    /// The message of an error.
    pub(in crate::replay) problem: Option<Cow<'a, str>>,
    /// The time that the policy took, in nanoseconds.
    pub(in crate::replay) time: Option<u64>,
}

/// An event of a log, as far as it is of use.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is looked at once, and most are the larger")]
pub(in crate::replay) enum Read<'a> {
    Decision(LoggedDecision<'a>),
    Hidden(Hidden),
    /// Something else, such as a line of OPA's own log.
    NoDecision,
}

/// `EventV1` of OPA (`v1/plugins/logs/plugin.go`), and `custom` of this engine.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    decision_id: Cow<'a, str>,
    #[serde(borrow, default)]
    path: Cow<'a, str>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    erased: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    masked: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metrics: Option<&'a RawValue>,
    #[serde(borrow, default)]
    req_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    custom: Option<&'a RawValue>,
}

/// `custom` as this engine writes it.
#[derive(Debug, Deserialize)]
pub(in crate::replay) struct Own<'a> {
    /// The id that the policy was served under.
    #[serde(borrow)]
    pub(in crate::replay) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::replay) version: Cow<'a, str>,
    mode: LoggedMode,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(borrow, default)]
    request_id: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LoggedMode {
    Enforce,
    Monitor,
}

#[derive(Deserialize)]
struct EventError<'a> {
    #[serde(borrow, default)]
    code: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Metrics {
    timer_rego_query_eval_ns: u64,
}

/// The code of errors where no policy was asked: there was no room, no memory, or no time left.
const OVERLOADED: &str = "overloaded";

/// Keeps a `null` apart from a missing value.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Read<'a> {
    /// # Errors
    /// Text that is no JSON object, or whose fields are not what a decision log has.
    pub(in crate::replay) fn parse(text: &'a str) -> serde_json::Result<Self> {
        // An array would be read as the fields in their order.
        if !text.starts_with('{') {
            return Err(serde_json::Error::custom("expected a JSON object"));
        }
        let event: Event<'a> = serde_json::from_str(text)?;
        if event.decision_id.is_empty() {
            return Ok(Self::NoDecision);
        }
        let hides = |part: &str| {
            let mut pointers = event.erased.iter().chain(&event.masked);
            pointers.any(|pointer| {
                pointer
                    .strip_prefix(part)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        if hides("/input") {
            return Ok(Self::Hidden(Hidden::Input));
        }
        let result_is_hidden = hides("/result");
        let own: Option<Own<'a>> = event.custom.and_then(parsed);
        if event.path.is_empty() && own.is_none() {
            return Ok(Self::Hidden(Hidden::Query));
        }
        let error: Option<EventError<'a>> =
            event.error.filter(|error| error.get() != "null").map(|error| {
                parsed(error)
                    .unwrap_or(EventError { code: Cow::Borrowed(""), message: error.get().into() })
            });
        if error.as_ref().is_some_and(|error| error.code == OVERLOADED) {
            return Ok(Self::Hidden(Hidden::NeverAsked));
        }
        let effect = match (&error, &own) {
            (Some(_), _) => Effect::Failed,
            (None, Some(own)) => Effect::new(own.verdict, own.mode.into()),
            (None, None) if result_is_hidden => return Ok(Self::Hidden(Hidden::Verdict)),
            (None, None) => {
                let output = event.result.map(RawValue::get).unwrap_or_default();
                Effect::new(Verdict::from_output(output.as_bytes()), Mode::Enforce)
            }
        };
        let request_id = match &own {
            Some(own) if !own.request_id.is_empty() => own.request_id.clone(),
            _ => event.req_id.map(RawValue::get).unwrap_or_default().into(),
        };
        Ok(Self::Decision(LoggedDecision {
            id: event.decision_id,
            path: event.path,
            own,
            request_id,
            input: event.input.map_or("null", RawValue::get),
            effect,
            result: event.result.map(RawValue::get).filter(|_| !result_is_hidden),
            problem: error.map(|error| error.message),
            time: event
                .metrics
                .and_then(parsed)
                .map(|metrics: Metrics| metrics.timer_rego_query_eval_ns),
        }))
    }
}

/// A part of an event whose shape others decide: `None` where it is not the one that is meant.
fn parsed<'a, T: Deserialize<'a>>(part: &'a RawValue) -> Option<T> {
    serde_json::from_str(part.get()).ok()
}

impl From<LoggedMode> for Mode {
    fn from(mode: LoggedMode) -> Self {
        match mode {
            LoggedMode::Enforce => Self::Enforce,
            LoggedMode::Monitor => Self::Monitor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(event: &Value, seen: impl FnOnce(serde_json::Result<Read<'_>>)) {
        seen(Read::parse(&event.to_string()));
    }

    fn decision(mut event: Value, seen: impl FnOnce(LoggedDecision<'_>)) {
        event["decision_id"] = json!("1");
        read(&event, |read| match read {
            Ok(Read::Decision(decision)) => seen(decision),
            other => panic!("{event}: {other:?}"),
        });
    }

    #[test]
    fn verdict_is_the_engines_own_or_that_of_opas_result() {
        let own = |mode, verdict| json!({"id": "a", "version": "1.0.0", "mode": mode, "verdict": verdict});
        for (event, effect) in [
            (json!({"path": "a", "result": true}), Effect::Allowed),
            (json!({"path": "a", "result": {"allow": false}}), Effect::Denied),
            (json!({"path": "a", "result": null}), Effect::None),
            (json!({"path": "a"}), Effect::None),
            (json!({"path": "a", "error": null, "result": false}), Effect::Denied),
            (json!({"path": "a", "error": "of another kind"}), Effect::Failed),
            (json!({"path": "a", "custom": {"team": 7}, "result": true}), Effect::Allowed),
            // The mask may have made another verdict of it.
            (
                json!({
                    "path": "a", "result": true, "masked": ["/result"],
                    "custom": own("enforce", "denied"),
                }),
                Effect::Denied,
            ),
            (json!({"path": "a", "custom": own("monitor", "denied")}), Effect::Monitored),
            (json!({"path": "a", "custom": own("monitor", "allowed")}), Effect::Allowed),
        ] {
            decision(event.clone(), |decision| assert_eq!(decision.effect, effect, "{event}"));
        }
    }

    #[test]
    fn hidden_result_is_not_compared() {
        for (pointer, result) in
            [("/result/a", None), ("/results", Some("1")), ("/input2", Some("1"))]
        {
            let custom = json!({"id": "a", "version": "1.0.0", "mode": "enforce"});
            let event = json!({"path": "a", "result": 1, "erased": [pointer], "custom": custom});
            decision(event, |decision| assert_eq!(decision.result, result, "{pointer}"));
        }
    }

    #[test]
    fn question_is_that_of_the_request() {
        let event = json!({"path": "a", "req_id": 12, "metrics": {"timer_rego_query_eval_ns": 7}});
        decision(event, |decision| {
            assert_eq!(
                (decision.input, &*decision.request_id, decision.time),
                ("null", "12", Some(7))
            );
        });
        let custom = json!({"id": "a", "version": "1.0.0", "mode": "enforce", "request_id": "x-1"});
        let event =
            json!({"path": "a", "input": {"b": 1}, "metrics": {"other": 1}, "custom": custom});
        decision(event, |decision| {
            assert_eq!(
                (decision.input, &*decision.request_id, decision.time),
                (r#"{"b":1}"#, "x-1", None)
            );
        });
    }

    #[test]
    fn what_cannot_be_replayed_has_its_reason() {
        let overloaded = json!({"code": "overloaded", "message": "later"});
        for (event, hidden) in [
            (json!({"path": "a", "erased": ["/input"]}), Hidden::Input),
            (json!({"path": "a", "masked": ["/result", "/input/b/c"]}), Hidden::Input),
            (json!({"path": "a", "masked": ["/result/allow"]}), Hidden::Verdict),
            (json!({"query": "data.a"}), Hidden::Query),
            (json!({"path": "a", "error": overloaded}), Hidden::NeverAsked),
        ] {
            let mut event = event;
            event["decision_id"] = json!("1");
            read(&event, |read| {
                assert!(matches!(&read, Ok(Read::Hidden(found)) if *found == hidden), "{read:?}");
            });
        }
        read(&json!({"level": "info", "msg": "Sent response."}), |read| {
            assert!(matches!(read, Ok(Read::NoDecision)), "{read:?}");
        });
        for event in [json!([]), json!(7), json!({"decision_id": 7})] {
            read(&event, |read| assert!(read.is_err(), "{read:?}"));
        }
    }
}
