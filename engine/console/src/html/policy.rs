use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{
    Column, Mark, denial_table, facts, figures, json, mark, mode, plot_of_decisions, plot_of_times,
    prose, schema, table, words,
};
use super::policies::state;
use crate::link;
use crate::model::{
    CheckSummary, Decision, Grant, PolicyPage, PolicySummary, Settings, Shadow, Shed,
};
use crate::number::{count, counted, duration_if_known, percent, rate};

impl Page for PolicyPage {
    fn title(&self) -> String {
        self.summary.id.clone()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            div.lead-row {
                p.lead { (prose(&self.summary.description)) }
                a.button href=(link::trial(self.summary.value())) { "Try it" }
            }
            div.split {
                div {
                    (traffic(self))
                    (checks(&self.checks))
                    (last_denials(&self.summary, self.last_denials.as_deref()))
                    @if let Some(shadow) = &self.shadow_decisions { (shadow_decisions(shadow)) }
                    (settings(&self.settings))
                    @if let Some(settings) = &self.settings_schema {
                        (schema("Schema of its settings", settings))
                    }
                    @if let Some(input) = &self.input_schema { (schema("Schema of its input", input)) }
                    (grants(&self.grants))
                }
                aside aria-label="Facts" { (about(self)) }
            }
        }
    }
}

fn about(page: &PolicyPage) -> Markup {
    let summary = &page.summary;
    let limits = &page.limits;
    let mut known = vec![
        ("Policy", html! { (summary.policy) "@" (summary.version) }),
        ("Mode", mode(summary.mode)),
        ("Crate", html! { (page.crate_name) " " (page.crate_version) }),
    ];
    if !page.authors.is_empty() {
        known.push(("Authors", html! { @for author in &page.authors { div { (author) } } }));
    }
    known.push(("Versions in this program", versions(page)));
    if let Some(shadow) = &summary.shadow {
        known.push(("Shadow", html! { (shadow) }));
    }
    known.push(("Time limit", html! { (limits.timeout) }));
    if let Some(budget) = &limits.cpu_budget {
        known.push(("CPU budget", html! { (budget) }));
    }
    if let Some(budget) = &limits.allocation_budget {
        known.push(("Allocation budget", html! { (budget) }));
    }
    known.push(("Suspended at", html! { (count(limits.max_stuck)) " stuck" }));
    known.push((
        "Threads",
        html! { @if limits.blocking { "of its own" } @else { "shared with other policies" } },
    ));
    facts(&known)
}

fn versions(page: &PolicyPage) -> Markup {
    html! {
        ul.plain {
            @for version in &page.versions {
                li {
                    (version)
                    @if *version == page.summary.version { span.muted { " this one" } }
                }
            }
        }
    }
}

fn traffic(page: &PolicyPage) -> Markup {
    let rates = &page.summary.rates;
    html! {
        section data-live="traffic" {
            h2.vh { "The last minutes" }
            (figures(&[
                ("State", state(&page.summary)),
                ("Decisions", html! { (rate(rates.decisions_per_second)) }),
                ("Denied", share(rates.denied, rates.decisions)),
                ("Failed", share(rates.failed, rates.decisions)),
                ("p50", html! { (duration_if_known(rates.p50_seconds)) }),
                ("p99", html! { (duration_if_known(rates.p99_seconds)) }),
            ]))
            div.plots { (plot_of_decisions(rates)) (plot_of_times(rates)) }
        }
    }
}

fn share(part: u64, whole: u64) -> Markup {
    html! { (count(part)) @if part > 0 { " " span.muted { (percent(part, whole)) } } }
}

fn checks(checks: &[CheckSummary]) -> Markup {
    let columns = [
        Column::Text("Check"),
        Column::Text("Severity"),
        Column::Text("What it demands"),
        Column::Number("Denials"),
    ];
    let rows = html! {
        @for check in checks {
            tr {
                th scope="row" {
                    @match check.url.as_deref().and_then(link::external) {
                        Some(url) => a href=(url) rel="noreferrer" { (check.id) },
                        None => (check.id),
                    }
                }
                td { (check.severity) }
                td.prose { (prose(&check.summary)) }
                td.n { (count(check.denials)) }
            }
        }
    };
    html! {
        section data-live="checks" {
            h2 { "Checks" }
            @if checks.is_empty() { p.muted { "The policy declares none." } }
            @else { (table("Checks", &columns, &rows)) }
        }
    }
}

fn last_denials(policy: &PolicySummary, denials: Option<&[Decision]>) -> Markup {
    html! {
        section data-live="denials" {
            h2 { "Last denials" }
            @match denials {
                None => p.muted {
                    "Decisions are not kept. " a href="/decisions" { "How to keep them" }
                },
                Some([]) => p.muted { "None is kept." },
                Some(denials) => {
                    (denial_table("Last denials", denials))
                    p { a href=(link::denials(&policy.id, &policy.version)) { "All denials that are kept" } }
                }
            }
        }
    }
}

fn shadow_decisions(shadow: &Shadow) -> Markup {
    let columns = [Column::Text("Policy"), Column::Text("Shadow"), Column::Number("Decisions")];
    let rows = html! {
        @for row in &shadow.outcomes {
            @let differs = row.outcome != row.shadow_outcome && row.decisions > 0;
            tr.changed[differs] {
                th scope="row" { (words(&row.outcome)) }
                td { (words(&row.shadow_outcome)) @if differs { " " (mark(Mark::Warning, "differs")) } }
                td.n { (count(row.decisions)) }
            }
        }
    };
    html! {
        section data-live="shadow" {
            h2 { "Shadow" }
            p {
                (shadow.policy) "@" (shadow.version) " is asked " (shadow.sample) " of the same questions."
                (not_put(&shadow.shed))
            }
            @if shadow.outcomes.is_empty() { p.muted { "It was not asked yet." } }
            @else { (table("Decisions of the policy and its shadow", &columns, &rows)) }
        }
    }
}

/// How many questions were not put to a shadow, and why.
fn not_put(shed: &[Shed]) -> Markup {
    let sum: u64 = shed.iter().map(|shed| shed.questions).sum();
    let reason = |shed: &Shed| format!("{}: {}", shed.reason, count(shed.questions));
    let reasons: Vec<_> = shed.iter().map(reason).collect();
    html! {
        @if sum > 0 {
            " " (counted(sum, "was", "were")) " not put to it (" (reasons.join(", ")) ")."
        }
    }
}

fn settings(settings: &Settings) -> Markup {
    html! {
        section {
            h2 { "Settings" }
            p.muted { "From " (settings.from) " · " code { (settings.digest) } }
            (json(&settings.value))
        }
    }
}

fn grants(grants: &[Grant]) -> Markup {
    html! {
        section {
            h2 { "Grants" }
            (grant_list(grants))
        }
    }
}

/// What a crate may do while it runs, and why.
pub(super) fn grant_list(grants: &[Grant]) -> Markup {
    html! {
        @if grants.is_empty() { p.muted { "None: it computes, and does nothing else." } }
        @else {
            dl.terms {
                @for grant in grants { div { dt { code { (grant.grant) } } dd { (prose(&grant.reason)) } } }
            }
        }
    }
}
