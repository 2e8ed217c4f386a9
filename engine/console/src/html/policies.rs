use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{Column, Mark, mark, mode, prose, sparkline, table};
use crate::link;
use crate::model::{PoliciesPage, PolicySummary, Rates, SkippedPolicy};
use crate::number::{count, counted, duration_if_known, per_second, period, rate};

impl Page for PoliciesPage {
    fn title(&self) -> String {
        "Policies".to_owned()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            div data-live="policies" {
                (skipped(&self.skipped))
                @if self.policies.is_empty() {
                    p.empty { "No policy is served. The policies of this program become so by `policies` in its configuration." }
                } @else {
                    p.lead { (summary(&self.policies)) }
                    (policy_table(&self.policies))
                }
            }
        }
    }
}

fn skipped(policies: &[SkippedPolicy]) -> Markup {
    html! {
        @if !policies.is_empty() {
            div.alert role="alert" {
                h2 { (counted(policies.len() as u64, "policy is not served", "policies are not served")) }
                dl {
                    @for policy in policies { dt { (policy.id) } dd { (prose(&policy.problem)) } }
                }
            }
        }
    }
}

/// What all of them decide together.
fn summary(policies: &[PolicySummary]) -> String {
    let number = counted(policies.len() as u64, "policy", "policies");
    let seconds = seconds(policies);
    if seconds == 0 {
        return format!("{number}. There are no figures yet.");
    }
    let per_second = policies.iter().map(|policy| policy.rates.decisions_per_second).sum();
    let decisions = policies.iter().map(|policy| policy.rates.decisions).sum();
    format!(
        "{number} made {} in the last {}, {}.",
        counted(decisions, "decision", "decisions"),
        period(seconds),
        rate(per_second)
    )
}

/// The time that the rates are of.
fn seconds(policies: &[PolicySummary]) -> u64 {
    let seconds = |rates: &Rates| rates.interval_seconds.saturating_mul(rates.samples.len() as u64);
    policies.iter().map(|policy| seconds(&policy.rates)).max().unwrap_or_default()
}

fn policy_table(policies: &[PolicySummary]) -> Markup {
    let has_shadow = policies.iter().any(|policy| policy.shadow.is_some());
    let mut columns = vec![
        Column::Text("Policy"),
        Column::Text("State"),
        Column::Number("Decisions/s"),
        Column::Number("Denied"),
        Column::Number("Failed"),
        Column::Number("p50"),
        Column::Number("p99"),
        Column::Text("Traffic"),
        Column::Text("Mode"),
        Column::Text("Version"),
    ];
    if has_shadow {
        columns.push(Column::Text("Shadow"));
    }
    let caption = match seconds(policies) {
        0 => "Policies".to_owned(),
        seconds => format!("Policies, in the last {}", period(seconds)),
    };
    let rows = html! {
        @for policy in policies {
            tr data-key=(policy.href) {
                th scope="row" { a href=[link::local(&policy.href)] { (policy.id) } }
                td { (state(policy)) }
                td.n { (per_second(policy.rates.decisions_per_second)) }
                td.n { (number(policy.rates.denied, "bad")) }
                td.n { (number(policy.rates.failed, "warning")) }
                td.n { (duration_if_known(policy.rates.p50_seconds)) }
                td.n { (duration_if_known(policy.rates.p99_seconds)) }
                td { (sparkline(&policy.rates)) }
                td { (mode(policy.mode)) }
                td { (policy.policy) "@" (policy.version) }
                @if has_shadow { td { @if let Some(shadow) = &policy.shadow { (shadow) } } }
            }
        }
    };
    table(&caption, &columns, &rows)
}

/// A number that stands out unless it is nothing.
fn number(number: u64, class: &str) -> Markup {
    html! { @if number == 0 { span.muted { "0" } } @else { span class=(class) { (count(number)) } } }
}

/// Whether it answers.
pub(super) fn state(policy: &PolicySummary) -> Markup {
    if policy.is_suspended {
        mark(Mark::Bad, &format!("suspended, {} stuck", count(policy.stuck)))
    } else if policy.stuck > 0 {
        mark(Mark::Warning, &format!("{} stuck", count(policy.stuck)))
    } else {
        mark(Mark::Good, "ready")
    }
}
