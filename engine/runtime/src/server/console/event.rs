use std::borrow::Cow;

use policy_api::Verdict;
use policy_console::{Decision, Filter, ResultKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::policies::Hidden;
use crate::policies::reasons;

/// The name of the last field of an event: texts in it have their quotes escaped, so that nothing
/// behind it looks like it.
const CUSTOM: &[u8] = b"\"custom\":";

/// Results of more bytes are not looked into for lists.
const MAX_RESULT: usize = 256 << 10;

/// An event of the decision log, as this engine writes it.
#[derive(Debug, Deserialize)]
pub(super) struct DecisionEvent<'a> {
    #[serde(borrow)]
    pub(super) decision_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) trace_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) span_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) path: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) erased: Vec<String>,
    #[serde(default)]
    pub(super) masked: Vec<String>,
    #[serde(borrow, default)]
    pub(super) error: Option<EventError<'a>>,
    #[serde(borrow, default)]
    requested_by: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    pub(super) metrics: Metrics,
    /// A number.
    #[serde(borrow, default)]
    req_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) custom: Custom<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EventError<'a> {
    #[serde(borrow, default)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metrics {
    #[serde(rename = "timer_rego_query_eval_ns")]
    evaluation: u64,
    #[serde(rename = "timer_policy_cpu_ns", default)]
    cpu: Option<u64>,
    #[serde(rename = "counter_policy_allocated_bytes", default)]
    pub(super) allocated_bytes: Option<u64>,
}

/// The fields that only this engine writes.
#[derive(Debug, Deserialize)]
pub(super) struct Custom<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    policy: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    mode: Cow<'a, str>,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(borrow, default)]
    checks: Vec<Cow<'a, str>>,
    #[serde(default)]
    pub(super) omitted: Vec<String>,
    #[serde(borrow, default)]
    request_id: Option<Cow<'a, str>>,
}

impl<'a> DecisionEvent<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    pub(super) fn verdict(&self) -> ResultKind {
        match (&self.error, self.custom.verdict) {
            (Some(_), _) => ResultKind::Failed,
            (None, Some(Verdict::Allowed)) => ResultKind::Allowed,
            (None, Some(Verdict::Denied)) => ResultKind::Denied,
            (None, None) => ResultKind::Answered,
        }
    }

    /// The event in a list, without what is hidden.
    pub(super) fn decision(&self, hidden: &Hidden) -> Decision {
        let Custom { id, policy, version, mode, checks, request_id, .. } = &self.custom;
        let number = self.req_id.map(|id| id.get().to_owned());
        Decision {
            decision_id: self.decision_id.clone().into_owned(),
            timestamp: self.timestamp.clone().into_owned(),
            id: id.clone().into_owned(),
            policy: policy.clone().into_owned(),
            version: version.clone().into_owned(),
            verdict: self.verdict(),
            error_code: self.error.as_ref().map(|error| error.code.clone().into_owned()),
            mode: mode.clone().into_owned(),
            checks: checks.iter().map(|check| check.clone().into_owned()).collect(),
            reason: self.reason().map(|reason| hidden.masked(reason)),
            microseconds: self.error.is_none().then(|| microseconds(self.metrics.evaluation)),
            requested_by: self.requested_by.clone().into_owned(),
            request_id: number.or_else(|| request_id.clone().map(Cow::into_owned)),
        }
    }

    /// The error, or the first reason of a denial.
    fn reason(&self) -> Option<String> {
        match (&self.error, self.verdict(), self.result) {
            (Some(error), ..) => Some(error.message.clone().into_owned()),
            (None, ResultKind::Denied, Some(result)) if result.get().len() <= MAX_RESULT => {
                reasons(result.get()).into_iter().next().map(|reason| reason.message)
            }
            (None, ..) => None,
        }
    }
}

impl Metrics {
    pub(super) fn cpu_microseconds(&self) -> Option<f64> {
        self.cpu.map(microseconds)
    }
}

#[expect(clippy::cast_precision_loss, reason = "no policy runs for years")]
fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1000.0
}

/// Tells whether a filter lets an event through. Only what it asks for is looked into.
pub(super) fn passes(filter: &Filter, text: &[u8]) -> bool {
    let Filter { policy, version, verdict, check, mode, text: contained } = filter;
    let is_plain = policy.is_none()
        && version.is_none()
        && verdict.is_none()
        && check.is_none()
        && mode.is_none();
    let is_like = |wanted: &Option<String>, found: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == found)
    };
    let custom_passes = || {
        let Some(custom) = custom(text) else { return false };
        let has_check = |check: &String| custom.checks.iter().any(|found| found == check);
        is_like(policy, &custom.id)
            && is_like(version, &custom.version)
            && is_like(mode, &custom.mode)
            && check.as_ref().is_none_or(has_check)
            && verdict.is_none_or(|verdict| match custom.verdict {
                Some(Verdict::Allowed) => verdict == ResultKind::Allowed,
                Some(Verdict::Denied) => verdict == ResultKind::Denied,
                // Only the whole event tells which of the two.
                None => DecisionEvent::parse(text).is_some_and(|event| event.verdict() == verdict),
            })
    };
    (is_plain || custom_passes()) && contained.as_ref().is_none_or(|part| contains(text, part))
}

fn custom(text: &[u8]) -> Option<Custom<'_>> {
    let start = text.windows(CUSTOM.len()).rposition(|part| part == CUSTOM)?;
    let custom = text.get(start + CUSTOM.len()..)?.strip_suffix(b"}")?;
    serde_json::from_slice(custom).ok()
}

/// Tells whether a text contains a part, whatever the case of either.
fn contains(text: &[u8], part: &str) -> bool {
    if part.is_ascii() {
        let part = part.as_bytes();
        let Some(first) = part.first() else { return true };
        let [lower, upper] = [first.to_ascii_lowercase(), first.to_ascii_uppercase()];
        return text.windows(part.len()).any(|window| {
            window.first().is_some_and(|first| *first == lower || *first == upper)
                && window.eq_ignore_ascii_case(part)
        });
    }
    String::from_utf8_lossy(text).to_lowercase().contains(&part.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = concat!(
        r#"{"labels":{"id":"x"},"decision_id":"d-1","path":"pods/allowed","#,
        r#""input":{"a":"É, \"custom\":{"},"result":{"allowed":false,"violations":"#,
        r#"[{"check":"image","field":"a","message":"it is bad"}]},"requested_by":"1.2.3.4","#,
        r#""timestamp":"2026-01-01T00:00:00Z","metrics":{"timer_rego_query_eval_ns":1500,"#,
        r#""counter_policy_allocated_bytes":7},"req_id":12,"custom":{"id":"pods","#,
        r#""policy":"pod-security","version":"1.0.0","mode":"monitor","verdict":"denied","#,
        r#""checks":["image"]}}"#,
    );

    const FAILED: &str = concat!(
        r#"{"decision_id":"d-2","error":{"code":"internal_error","message":"broke"},"#,
        r#""timestamp":"2026-01-01T00:00:00Z","metrics":{"timer_rego_query_eval_ns":0},"#,
        r#""custom":{"id":"pods","policy":"pod-security","version":"2.0.0","mode":"enforce","#,
        r#""request_id":"\"custom\":"}}"#,
    );

    #[test]
    fn event_is_a_row_of_a_list() {
        let row = DecisionEvent::parse(DENIED.as_bytes()).unwrap().decision(&Hidden::default());
        assert_eq!(
            (&*row.decision_id, row.verdict, &*row.mode),
            ("d-1", ResultKind::Denied, "monitor")
        );
        assert_eq!(row.reason.as_deref(), Some("it is bad"));
        assert_eq!((row.microseconds, row.request_id.as_deref()), (Some(1.5), Some("12")));
        assert_eq!((&*row.requested_by, row.checks), ("1.2.3.4", vec!["image".to_owned()]));
        let row = DecisionEvent::parse(FAILED.as_bytes()).unwrap().decision(&Hidden::default());
        assert_eq!((row.verdict, row.reason.as_deref()), (ResultKind::Failed, Some("broke")));
        assert_eq!(row.error_code.as_deref(), Some("internal_error"));
        assert_eq!((row.microseconds, row.request_id.as_deref()), (None, Some("\"custom\":")));
    }

    #[test]
    fn filter_lets_through_what_all_of_it_holds_for() {
        let filter = Filter::default;
        let text = |text: &str| Filter { text: Some(text.to_owned()), ..filter() };
        let check = |check: &str| Filter { check: Some(check.to_owned()), ..filter() };
        let verdict = |verdict| Filter { verdict: Some(verdict), ..filter() };
        let policy = |policy: &str| Filter { policy: Some(policy.to_owned()), ..filter() };
        let version = |version: &str| Filter { version: Some(version.to_owned()), ..filter() };
        let mode = |mode: &str| Filter { mode: Some(mode.to_owned()), ..filter() };
        let both = Filter { mode: Some("enforce".to_owned()), ..verdict(ResultKind::Denied) };
        for (filter, passing) in [
            (filter(), [true, true]),
            (policy("pods"), [true, true]),
            (policy("pod"), [false, false]),
            (version("1.0.0"), [true, false]),
            (verdict(ResultKind::Denied), [true, false]),
            (verdict(ResultKind::Failed), [false, true]),
            (verdict(ResultKind::Answered), [false, false]),
            (check("image"), [true, false]),
            (mode("monitor"), [true, false]),
            (both, [false, false]),
            (text("IT IS BAD"), [true, false]),
            (text("é,"), [true, false]),
            (text("broke"), [false, true]),
            (text(""), [true, true]),
        ] {
            let passes = [DENIED, FAILED].map(|event| passes(&filter, event.as_bytes()));
            assert_eq!(passes, passing, "{filter:?}");
        }
    }
}
