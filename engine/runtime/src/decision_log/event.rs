use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::time::{Duration, SystemTime};

use policy_api::Verdict;
use policy_text::escape_json;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::redaction::{Changes, Part, PointerError, Redaction};
use crate::config::{self, Mode};
use crate::json_object::JsonObject;
use crate::policies::{Hidden, Usage};

/// The last moment that RFC 3339 can write.
const LAST_SECOND: Duration = Duration::from_secs(253_402_300_799);

/// One decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) decision_id: Uuid,
    /// The id of the request that asked for this decision and for others.
    pub(crate) batch_decision_id: Option<Uuid>,
    /// The ids of the trace and of the span in it, in hexadecimal.
    pub(crate) trace: Option<(&'a str, &'a str)>,
    /// The path as asked for, without `/v1/data/`, such as `web-pods/allowed`.
    pub(crate) path: &'a str,
    /// The input as it came; `None` where none was given.
    pub(crate) input: Option<&'a RawValue>,
    /// The result as the policy gave it; `None` with an error.
    pub(crate) result: Option<&'a RawValue>,
    pub(crate) error: Option<EventError<'a>>,
    /// The client's address, or `unix`.
    pub(crate) requested_by: &'a str,
    pub(crate) received: SystemTime,
    /// The time that the policy took.
    pub(crate) evaluation: Duration,
    /// The memory and the processor time of that; `None` with an error.
    pub(crate) usage: Option<Usage>,
    /// Empty where there is none.
    pub(crate) request_id: &'a str,
    pub(crate) policy: &'a str,
    pub(crate) version: &'a str,
    /// The id that the policy is served under.
    pub(crate) id: &'a str,
    pub(crate) verdict: Option<Verdict>,
    /// The declared checks that denied.
    pub(crate) checks: &'a [&'static str],
    /// The effect of a denial.
    pub(crate) mode: Mode,
}

/// The reason why there is no result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventError<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    /// True if the policy took the input for what it asks for. In any other, pointers may miss
    /// what they are meant for.
    pub(crate) understood: bool,
}

/// The parts that all events have in common.
#[derive(Debug)]
pub(super) struct Template {
    /// The labels as a JSON object.
    labels: String,
    redaction: Redaction,
    /// The number of times that the rules of redaction changed.
    rules: u64,
    /// True if events are seen as they are written.
    on_terminal: bool,
}

/// What is told of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// Without its input and its result.
    WithoutValues,
}

impl Template {
    /// # Errors
    /// A pointer that leads nowhere.
    pub(super) fn new(
        instance: Uuid,
        config: Option<&config::DecisionLogConfig>,
    ) -> Result<Self, PointerError> {
        let mut labels: serde_json::Map<_, _> = config
            .iter()
            .flat_map(|config| &config.labels)
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        // As with OPA, nobody else has a say in these.
        labels.insert("id".to_owned(), instance.to_string().into());
        labels.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
        let redaction = match config {
            Some(config) => Redaction::new(&config.erase, &config.mask)?,
            None => Redaction::default(),
        };
        let is_stdout = config.is_some_and(|config| config.to == config::LogDestination::Stdout);
        let on_terminal = is_stdout && io::stdout().is_terminal();
        Ok(Self { labels: Value::Object(labels).to_string(), redaction, rules: 0, on_terminal })
    }

    /// The template that comes after another one.
    pub(super) fn following(self, former: &Self) -> Self {
        let changes = u64::from(self.redaction != former.redaction);
        Self { rules: former.rules + changes, ..self }
    }

    /// The number of times that the rules of redaction changed.
    pub(super) fn rules(&self) -> u64 {
        self.rules
    }

    /// The event as it is written: a terminal would act on some characters.
    pub(super) fn to_be_written(&self, event: Box<[u8]>) -> Box<[u8]> {
        if self.on_terminal
            && let Ok(text) = str::from_utf8(&event)
            && let Cow::Owned(plain) = escape_json(text)
        {
            return plain.into_bytes().into_boxed_slice();
        }
        event
    }
}

/// The parts of an event that quote secrets, without these.
#[derive(Debug)]
pub(super) struct Quoted {
    input: Option<Box<RawValue>>,
    result: Option<Box<RawValue>>,
    message: Option<String>,
}

impl Quoted {
    /// The event without the secrets that it quotes.
    pub(super) fn masked<'a>(&'a self, event: &Event<'a>) -> Event<'a> {
        let error = event.error.map(|error| EventError {
            message: self.message.as_deref().unwrap_or(error.message),
            ..error
        });
        Event {
            input: self.input.as_deref().or(event.input),
            result: self.result.as_deref().or(event.result),
            error,
            ..*event
        }
    }
}

impl Event<'_> {
    /// The parts that quote secrets; `None` where none does.
    pub(super) fn quoted(&self, secrets: &Hidden) -> Option<Quoted> {
        let value = |part: Option<&RawValue>| {
            let text = part.map(RawValue::get).filter(|text| secrets.are_in(text))?;
            let masked = secrets.masked_value(serde_json::from_str(text).unwrap_or_default());
            to_raw_value(&masked).ok()
        };
        let message = self.error.map(|error| error.message);
        let message = message.filter(|message| secrets.are_in(message));
        let quoted = Quoted {
            input: value(self.input),
            result: value(self.result),
            message: message.map(|message| secrets.masked(message.to_owned())),
        };
        let is_any = quoted.input.is_some() || quoted.result.is_some() || quoted.message.is_some();
        is_any.then_some(quoted)
    }

    /// Encodes the event as OPA does (`EventV1` in its `v1/plugins/logs`), on one line. What OPA
    /// has no field for is in `custom`.
    pub(super) fn encode(&self, template: &Template) -> Box<[u8]> {
        self.encode_as(Extent::Whole, template)
    }

    /// Encodes the event without its input and its result, which are listed as `custom.omitted`.
    pub(super) fn encode_without_values(&self, template: &Template) -> Box<[u8]> {
        self.encode_as(Extent::WithoutValues, template)
    }

    fn encode_as(&self, extent: Extent, template: &Template) -> Box<[u8]> {
        // What is left out needs no room.
        let is_copied = extent == Extent::Whole && template.redaction.is_empty();
        let values = if is_copied { self.likely_size() } else { 0 };
        let mut out = Vec::with_capacity(values + template.labels.len() + 1024);
        let mut changes = Changes::default();
        let mut omitted = Vec::new();
        let mut event = JsonObject::begin(&mut out);
        event.json("labels", &template.labels);
        event.id("decision_id", self.decision_id);
        if let Some(id) = self.batch_decision_id {
            event.id("batch_decision_id", id);
        }
        if let Some((trace, span)) = self.trace {
            event.text("trace_id", trace);
            event.text("span_id", span);
        }
        event.text("path", self.path);
        for (name, part, value) in
            [("input", Part::Input, self.input), ("result", Part::Result, self.result)]
        {
            let Some(value) = value else { continue };
            let is_omitted = extent == Extent::WithoutValues;
            let refused = part == Part::Input && self.error.is_some_and(|error| !error.understood);
            if (is_omitted || refused) && template.redaction.hide(part, &mut changes) {
                continue;
            }
            if is_omitted {
                omitted.push(part.pointer());
                continue;
            }
            event
                .unless_empty(name, |out| template.redaction.write(part, value, out, &mut changes));
        }
        event.texts("erased", &changes.erased);
        event.texts("masked", &changes.masked);
        if let Some(error) = self.error {
            event.object("error", |inner| {
                inner.text("code", error.code);
                inner.text("message", presentable(error.message, &changes));
            });
        }
        event.text("requested_by", self.requested_by);
        event.text("timestamp", &timestamp(self.received));
        event.object("metrics", |inner| {
            inner.json("timer_rego_query_eval_ns", self.evaluation.as_nanos().to_string());
            let Some(usage) = self.usage else { return };
            if let Some(cpu) = usage.cpu {
                inner.json("timer_policy_cpu_ns", cpu.as_nanos().to_string());
            }
            inner.json("counter_policy_allocated_bytes", usage.allocated.to_string());
        });
        // OPA's are numbers that are not 0, and its collectors decode them as such.
        let numbered = self.request_id.starts_with(|first| matches!(first, '1'..='9'))
            && self.request_id.parse::<u64>().is_ok();
        if numbered {
            event.json("req_id", self.request_id);
        }
        event.object("custom", |inner| {
            inner.text("id", self.id);
            inner.text("policy", self.policy);
            inner.text("version", self.version);
            inner.text("mode", self.mode.name());
            match self.verdict {
                Some(Verdict::Allowed) => inner.text("verdict", "allowed"),
                Some(Verdict::Denied) => inner.text("verdict", "denied"),
                None => {}
            }
            inner.texts("checks", self.checks);
            inner.texts("omitted", &omitted);
            if !numbered {
                inner.text("request_id", self.request_id);
            }
        });
        event.end();
        // What is queued is bounded by its length, so there must not be more behind it.
        out.into_boxed_slice()
    }

    /// Bytes of what it holds.
    pub(super) fn likely_size(&self) -> usize {
        [self.input, self.result].into_iter().flatten().map(|value| value.get().len()).sum()
    }
}

/// Messages quote what was wrong in the input, which may be what must not be seen.
fn presentable<'a>(message: &'a str, changes: &Changes) -> &'a str {
    if changes.erased.is_empty() && changes.masked.is_empty() {
        message
    } else {
        "left out: it may quote what is erased or masked"
    }
}

fn timestamp(at: SystemTime) -> String {
    let at = at.clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + LAST_SECOND);
    humantime::format_rfc3339_nanos(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use crate::config::{LogDestination, WhenFull};

    const INSTANCE: Uuid = Uuid::from_u128(7);

    fn config() -> config::DecisionLogConfig {
        config::DecisionLogConfig {
            to: LogDestination::Stdout,
            labels: BTreeMap::from([("id".to_owned(), "mine".to_owned())]),
            erase: Vec::new(),
            mask: BTreeMap::new(),
            buffer: 0,
            when_full: WhenFull::Drop,
        }
    }

    fn least() -> Event<'static> {
        Event {
            decision_id: Uuid::from_u128(1),
            batch_decision_id: None,
            trace: None,
            path: "",
            input: None,
            result: None,
            error: None,
            requested_by: "",
            received: SystemTime::UNIX_EPOCH,
            evaluation: Duration::ZERO,
            usage: None,
            request_id: "",
            policy: "p",
            version: "1.0.0",
            id: "i",
            verdict: None,
            checks: &[],
            mode: Mode::Enforce,
        }
    }

    fn encoded(event: &Event<'_>, config: &config::DecisionLogConfig) -> String {
        let template = Template::new(INSTANCE, Some(config)).unwrap();
        String::from_utf8(event.encode(&template).into_vec()).unwrap()
    }

    fn decoded(event: &Event<'_>, config: &config::DecisionLogConfig) -> Value {
        serde_json::from_str(&encoded(event, config)).unwrap()
    }

    #[test]
    fn event_has_the_fields_of_an_opa_decision() {
        let mut config = config();
        config.labels.insert("team".to_owned(), "\"red\"".to_owned());
        config.erase = vec!["/input/secret".to_owned()];
        config.mask.insert("/result/reason".to_owned(), json!("-"));
        let input = to_raw_value(&json!({"n": 1, "secret": 2})).unwrap();
        let result = to_raw_value(&json!({"allowed": false, "reason": "x"})).unwrap();
        let event = Event {
            batch_decision_id: Some(Uuid::from_u128(2)),
            trace: Some(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")),
            path: "web-pods/allowed",
            input: Some(&input),
            result: Some(&result),
            requested_by: "[::1]:5",
            received: SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_001),
            evaluation: Duration::from_micros(3),
            usage: Some(Usage { allocated: 512, cpu: Some(Duration::from_micros(2)) }),
            request_id: "12",
            verdict: Some(Verdict::Denied),
            checks: &["ports"],
            mode: Mode::Monitor,
            ..least()
        };
        let expected = format!(
            r#"{{"labels":{{"id":"00000000-0000-0000-0000-000000000007","team":"\"red\"","version":"{}"}},"decision_id":"00000000-0000-0000-0000-000000000001","batch_decision_id":"00000000-0000-0000-0000-000000000002","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","path":"web-pods/allowed","input":{{"n":1}},"result":{{"allowed":false,"reason":"-"}},"erased":["/input/secret"],"masked":["/result/reason"],"requested_by":"[::1]:5","timestamp":"2023-11-14T22:13:20.000000001Z","metrics":{{"timer_rego_query_eval_ns":3000,"timer_policy_cpu_ns":2000,"counter_policy_allocated_bytes":512}},"req_id":12,"custom":{{"id":"i","policy":"p","version":"1.0.0","mode":"monitor","verdict":"denied","checks":["ports"]}}}}"#,
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(encoded(&event, &config), expected);
    }

    #[test]
    fn absent_fields_are_left_out() {
        let expected = json!({
            "labels": {"id": INSTANCE.to_string(), "version": env!("CARGO_PKG_VERSION")},
            "decision_id": "00000000-0000-0000-0000-000000000001",
            "timestamp": "1970-01-01T00:00:00.000000000Z",
            "metrics": {"timer_rego_query_eval_ns": 0},
            "custom": {"id": "i", "policy": "p", "version": "1.0.0", "mode": "enforce"},
        });
        assert_eq!(decoded(&least(), &config()), expected);
    }

    #[test]
    fn null_is_not_absent() {
        let null = to_raw_value(&()).unwrap();
        let event = decoded(&Event { input: Some(&null), ..least() }, &config());
        assert_eq!(event.get("input"), Some(&Value::Null));
        assert_eq!(event.get("result"), None);
    }

    #[test]
    fn non_numeric_request_ids_are_custom_fields() {
        for (id, number) in [("1", true), ("18446744073709551615", true), ("0", false)]
            .into_iter()
            .chain(["18446744073709551616", "+1", "01", "req-1\n"].map(|id| (id, false)))
        {
            let event = decoded(&Event { request_id: id, ..least() }, &config());
            assert_eq!(event["req_id"].is_u64(), number, "{id}");
            assert_eq!(event["custom"]["request_id"].as_str(), (!number).then_some(id));
        }
    }

    #[test]
    fn timestamps_are_clamped_to_valid_years() {
        let far = Duration::from_secs(1 << 40);
        let [past, future] =
            [SystemTime::UNIX_EPOCH - far, SystemTime::UNIX_EPOCH + far].map(|received| {
                decoded(&Event { received, ..least() }, &config())["timestamp"].clone()
            });
        assert_eq!(past, "1970-01-01T00:00:00.000000000Z");
        assert_eq!(future, "9999-12-31T23:59:59.000000000Z");
    }

    #[test]
    fn error_message_is_left_out_when_redaction_is_set() {
        let input = to_raw_value(&json!({"age": "hunter2"})).unwrap();
        let error = EventError {
            code: "internal_error",
            message: "expected a number: `hunter2`",
            understood: true,
        };
        let event = Event { input: Some(&input), error: Some(error), ..least() };
        assert_eq!(decoded(&event, &config())["error"]["message"], error.message);
        let mut config = config();
        config.erase = vec!["/input/age".to_owned()];
        assert_eq!(
            decoded(&event, &config)["error"],
            json!({
                "code": "internal_error",
                "message": "left out: it may quote what is erased or masked",
            })
        );
    }

    #[test]
    fn invalid_input_is_left_out_when_redaction_is_set() {
        let input = to_raw_value(&json!(["hunter2"])).unwrap();
        let error =
            EventError { code: "invalid_parameter", message: "`hunter2`", understood: false };
        let event = Event { input: Some(&input), error: Some(error), ..least() };
        assert_eq!(decoded(&event, &config())["input"], json!(["hunter2"]));
        let mut config = config();
        config.mask.insert("/input/password".to_owned(), json!("-"));
        let text = encoded(&event, &config);
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(decoded(&event, &config)["erased"], json!(["/input"]));
        // Of results alone, nothing is said of inputs.
        config.mask = BTreeMap::from([("/result/a".to_owned(), json!(1))]);
        assert_eq!(decoded(&event, &config)["input"], json!(["hunter2"]));
    }

    proptest! {
        #[test]
        fn every_event_is_one_line_of_json(
            text in any::<String>(), other in any::<String>(), erase in any::<bool>(),
        ) {
            let input = json!({"a": [{"secret": "S3CRET"}], (format!("k{text}")): other}).to_string();
            // As people write it.
            let input = input.replace("[{", "[\r\n{\n");
            let Ok(input) = serde_json::from_str::<&RawValue>(&input) else { return Ok(()) };
            let error = EventError { code: &text, message: "S3CRET", understood: true };
            let mut config = config();
            config.labels.insert(text.clone(), other.clone());
            if erase {
                config.erase.push("/input/a/*/secret".to_owned());
            }
            let event = Event {
                input: Some(input),
                error: Some(error),
                path: &text,
                request_id: &other,
                requested_by: &other,
                ..least()
            };
            let line = encoded(&event, &config);
            prop_assert!(!line.contains(['\n', '\r']), "{line}");
            let event: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(event["path"].as_str().unwrap_or_default(), text);
            prop_assert_eq!(line.contains("S3CRET"), !erase, "{}", line);
        }
    }
}
