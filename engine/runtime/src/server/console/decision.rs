use std::sync::Arc;

use policy_console::{DecisionPage, Filter, ResultKind};
use serde_json::value::RawValue;

use super::event::{DecisionEvent, passes};
use super::hidden::mask_violation;
use super::places::{Places, marked, violations};
use super::pretty::pretty;
use crate::policies::{Hidden, MASK};
use crate::server::state::{App, AppState};
use crate::system::long_work;

/// The most parts of an input that are named.
const MAX_LISTED: usize = 8;

/// One decision, by its id; `None` where it is not kept, or not any more.
///
/// It was kept without the secrets of its time. Those that were configured since are taken out here.
pub(super) fn page(
    app: &App,
    state: &AppState,
    id: &str,
    takes_trials: bool,
) -> Option<DecisionPage> {
    let text = find(app, id)?;
    let event = DecisionEvent::parse(&text)?;
    let mut page = long_work::on_bytes(text.len(), || page_of(&event, &text, &state.secrets))?;
    page.try_href = takes_trials.then(|| format!("/try?decision={}", event.decision_id));
    Some(page)
}

/// What a decision was about: the policy, and the input, laid out for people.
pub(super) struct DecidedQuestion {
    pub(super) id: String,
    pub(super) policy: String,
    pub(super) version: String,
    pub(super) input: String,
    /// What of the input is not there, in words.
    pub(super) caveat: Option<String>,
}

/// The question of a decision, by its id; `None` where it is not kept, or not any more.
pub(super) fn question(app: &App, state: &AppState, id: &str) -> Option<DecidedQuestion> {
    let text = find(app, id)?;
    let event = DecisionEvent::parse(&text)?;
    let shown = |input: &RawValue| state.secrets.masked(pretty(input.get()));
    let input = event.input.map(shown).unwrap_or_default();
    let caveat = caveat(&event, &input);
    let decision = event.decision(&state.secrets);
    let (policy, version) = (decision.policy, decision.version);
    Some(DecidedQuestion { id: decision.id, policy, version, input, caveat })
}

/// Tells what of an input is not as it was when it was decided about.
fn caveat(event: &DecisionEvent<'_>, input: &str) -> Option<String> {
    let is_of_input = |pointer: &&str| *pointer == "/input" || pointer.starts_with("/input/");
    if event.custom.omitted.iter().any(|pointer| is_of_input(&pointer.as_str())) {
        return Some("the input was not kept: it was too large".to_owned());
    }
    let all = event.erased.iter().chain(&event.masked).map(String::as_str).filter(is_of_input);
    let parts: Vec<_> = all.collect();
    let listed = parts
        .get(..MAX_LISTED)
        .map_or_else(|| parts.join(", "), |first| format!("{}, …", first.join(", ")));
    if !parts.is_empty() {
        Some(format!("parts of this input were erased or masked ({listed}): the answer may differ"))
    } else if input.contains(MASK) {
        Some(format!("parts of this input were masked (`{MASK}`): the answer may differ"))
    } else {
        None
    }
}

/// The event of a decision.
fn find(app: &App, id: &str) -> Option<Arc<[u8]>> {
    let kept = app.decision_log.as_ref()?.kept()?;
    let filter = Filter { text: Some(id.to_owned()), ..Filter::default() };
    let has_id = |text: &[u8]| {
        passes(&filter, text)
            && DecisionEvent::parse(text).is_some_and(|event| event.decision_id == id)
    };
    long_work::on_bytes(kept.counts().bytes, || kept.latest_first().find(|text| has_id(text)))
}

fn page_of(event: &DecisionEvent<'_>, text: &[u8], hidden: &Hidden) -> Option<DecisionPage> {
    let shown = |json: &RawValue| hidden.masked(pretty(json.get()));
    let input = event.input.map(shown);
    let (mut violations, omitted_violations) = match (event.verdict(), event.result) {
        (ResultKind::Denied, Some(result)) => {
            violations(result.get(), &Places::read(input.as_deref().unwrap_or_default()))
        }
        _ => (Vec::new(), 0),
    };
    for violation in &mut violations {
        mask_violation(hidden, violation);
    }
    Some(DecisionPage {
        decision: event.decision(hidden),
        path: event.path.clone().into_owned(),
        trace_id: event.trace_id.as_deref().map(str::to_owned),
        span_id: event.span_id.as_deref().map(str::to_owned),
        allocated_bytes: event.metrics.allocated_bytes,
        cpu_microseconds: event.metrics.cpu_microseconds(),
        input: input.map(|input| marked(&input, &violations)),
        violations,
        omitted_violations,
        result: event.result.map(shown),
        error: event.error.as_ref().map(|error| hidden.masked(error.message.clone().into_owned())),
        erased: event.erased.clone(),
        masked: event.masked.clone(),
        omitted: event.custom.omitted.clone(),
        event: hidden.masked_value(serde_json::from_slice(text).ok()?),
        try_href: None,
    })
}
