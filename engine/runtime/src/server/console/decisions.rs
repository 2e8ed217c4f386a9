use policy_console::{Choices, Decision, DecisionsPage, Filter, KeptDecisions, ResultKind};

use super::event::{DecisionEvent, passes};
use crate::decision_log::{DecisionLog, Kept};
use crate::policies::Hidden;
use crate::server::state::{App, AppState};
use crate::system::long_work;

/// Rows of a page.
const MAX_ROWS: usize = 100;

/// The filter that a query asks for. Empty values and unknown names filter nothing.
///
/// # Errors
/// A value that is none of those which a name may have.
pub(super) fn filter(query: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match &*name {
            "policy" => filter.policy = value,
            "verdict" => filter.verdict = value.as_deref().map(verdict).transpose()?,
            "version" => filter.version = value,
            "check" => filter.check = value,
            "mode" => filter.mode = value.map(mode).transpose()?,
            "text" => filter.text = value,
            _ => {}
        }
    }
    Ok(filter)
}

fn verdict(name: &str) -> Result<ResultKind, String> {
    match name {
        "allowed" => Ok(ResultKind::Allowed),
        "denied" => Ok(ResultKind::Denied),
        "answered" => Ok(ResultKind::Answered),
        "failed" => Ok(ResultKind::Failed),
        _ => Err(format!(
            "`verdict` is `{name}`: expected `allowed`, `denied`, `answered` or `failed`"
        )),
    }
}

fn mode(name: String) -> Result<String, String> {
    match &*name {
        "enforce" | "monitor" => Ok(name),
        _ => Err(format!("`mode` is `{name}`: expected `enforce` or `monitor`")),
    }
}

/// The last decisions that a filter lets through.
pub(super) fn page(app: &App, state: &AppState, filter: Filter) -> DecisionsPage {
    let kept = app.decision_log.as_ref().and_then(DecisionLog::kept);
    let last = |kept| last(kept, &state.secrets, &filter, MAX_ROWS);
    let (decisions, has_more) = kept.map(last).unwrap_or_default();
    DecisionsPage { kept: kept.map(counts), filter, choices: choices(state), decisions, has_more }
}

/// The last decisions that a filter lets through, so many at most; `None` where none are kept.
pub(super) fn last_of(
    app: &App,
    state: &AppState,
    filter: &Filter,
    count: usize,
) -> Option<Vec<Decision>> {
    let kept = app.decision_log.as_ref().and_then(DecisionLog::kept)?;
    Some(last(kept, &state.secrets, filter, count).0)
}

/// The last decisions, and whether there are more.
fn last(kept: &Kept, hidden: &Hidden, filter: &Filter, count: usize) -> (Vec<Decision>, bool) {
    long_work::on_bytes(kept.counts().bytes, || {
        let mut events = kept.latest_first().filter(|text| passes(filter, text));
        let decisions = events
            .by_ref()
            .filter_map(|text| DecisionEvent::parse(&text).map(|event| event.decision(hidden)))
            .take(count)
            .collect();
        (decisions, events.next().is_some())
    })
}

fn counts(kept: &Kept) -> KeptDecisions {
    let counts = kept.counts();
    KeptDecisions {
        decisions: counts.events as u64,
        bytes: counts.bytes as u64,
        max_bytes: counts.max_bytes as u64,
        passed_over: counts.passed_over,
        max_per_second: counts.max_per_second.into(),
    }
}

/// The policies that are served, and their checks.
fn choices(state: &AppState) -> Choices {
    let all = state.policies.all();
    let mut policies: Vec<_> = all.iter().map(|policy| policy.id.clone()).collect();
    let declared = all.iter().flat_map(|policy| policy.entry.registration.checks);
    let mut checks: Vec<_> = declared.map(|check| check.id.to_owned()).collect();
    policies.dedup();
    checks.sort();
    checks.dedup();
    Choices { policies, checks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_is_what_a_query_asks_for() {
        let asked =
            filter("policy=a%2Fb&version=1&verdict=denied&check=&mode=monitor&text=x+y&other=1");
        let expected = Filter {
            policy: Some("a/b".to_owned()),
            version: Some("1".to_owned()),
            verdict: Some(ResultKind::Denied),
            check: None,
            mode: Some("monitor".to_owned()),
            text: Some("x y".to_owned()),
        };
        assert_eq!(asked.unwrap(), expected);
    }

    #[test]
    fn value_that_there_is_not_is_told() {
        for (query, problem) in [
            (
                "verdict=deny",
                "`verdict` is `deny`: expected `allowed`, `denied`, `answered` or `failed`",
            ),
            ("verdict=denied&mode=x", "`mode` is `x`: expected `enforce` or `monitor`"),
        ] {
            assert_eq!(filter(query).unwrap_err(), problem);
        }
    }
}
