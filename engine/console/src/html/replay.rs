use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{Column, figures, prose, table, words as code_words};
use crate::model::{
    ReplayPage, ReplayReport, ReplayedCell, ReplayedExample, ReplayedPolicy, ReplayedSide,
    ReplayedTimes, ReplayedVersion,
};
use crate::number::{count, counted, duration, percent};

impl Page for ReplayPage {
    fn title(&self) -> String {
        "Replay".to_owned()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            p.lead {
                "What other versions or settings would have decided, by a report of "
                code { "policy-engine replay" } "."
            }
            (form(self))
            @if let Some(report) = &self.report { div #result { (result(report)) } }
        }
    }

    fn is_at_its_path(&self) -> bool {
        self.report.is_none() && self.problem.is_none()
    }
}

fn form(page: &ReplayPage) -> Markup {
    let problem = page.problem.as_deref();
    let describes = problem.map(|_| "problem");
    let rows = if page.report.is_some() { 2 } else { 8 };
    html! {
        form.stack method="post" action="/replay#result" {
            div {
                label for="report" {
                    "What " code { "policy-engine replay --format json" } " printed"
                    span.drop hidden { ". A file may be dropped anywhere on this page." }
                }
                textarea #report name="report" rows=(rows) required spellcheck="false"
                autocomplete="off" data-drop data-send aria-invalid=[describes.map(|_| "true")]
                aria-describedby=[describes] {}
            }
            @if let Some(problem) = problem { p.problem #problem role="alert" { (prose(problem)) } }
            p { button { "Show" } }
        }
    }
}

fn result(report: &ReplayReport) -> Markup {
    let lost = |number: u64| html! { (count(number)) };
    let cannot =
        report.cannot_be_replayed.values().fold(0, |sum: u64, next| sum.saturating_add(*next));
    html! {
        section {
            h2 { "Report" }
            @if cannot > report.decisions {
                p {
                    strong.warning {
                        (count(cannot)) " of " (count(cannot.saturating_add(report.decisions)))
                        " decisions could not be replayed"
                    }
                    ", and nothing below is about them."
                }
            }
            (figures(&[
                ("Decisions", lost(report.decisions)),
                ("Changed", html! {
                    strong.warning[report.changed > 0] { (count(report.changed)) }
                    " " span.muted { (percent(report.changed, report.decisions)) }
                }),
                ("Not replayed", lost(cannot)),
                ("Other events", lost(report.other_events)),
                ("Unreadable events", lost(report.unreadable_events)),
            ]))
            @for (reason, decisions) in &report.cannot_be_replayed {
                @if *decisions > 0 { p.muted { (count(*decisions)) " not replayed: " (hidden(reason)) } }
            }
        }
        @for policy in &report.policies { (policy_section(policy)) }
    }
}

/// The reason why a decision is not replayed: reports name it by a code.
fn hidden(reason: &str) -> String {
    let words = match reason {
        "input_hidden" => "parts of the input are erased or masked",
        "verdict_hidden" => "parts of the result are erased or masked",
        "query" => "it answers a query without a path",
        "never_asked" => "no policy was asked",
        code => return code_words(code),
    };
    words.to_owned()
}

fn policy_section(policy: &ReplayedPolicy) -> Markup {
    html! {
        section {
            h2 {
                (policy.policy) " "
                span.muted { (version(&policy.before)) " → " (version(&policy.after)) }
            }
            (times(policy))
            (matrix(policy))
            @for cell in policy.matrix.iter().filter(|cell| !cell.examples.is_empty()) {
                (examples(cell))
            }
        }
    }
}

fn version(version: &ReplayedVersion) -> &str {
    version.version.as_deref().unwrap_or("unknown version")
}

fn times(policy: &ReplayedPolicy) -> Markup {
    let told = |times: ReplayedTimes| {
        let [mean, p50, p99] = [times.mean, times.p50, times.p99].map(nanoseconds);
        format!("mean {mean}, p50 {p50}, p99 {p99}")
    };
    html! {
        dl.terms {
            @for (name, side) in [("Took before", &policy.before), ("Takes after", &policy.after)] {
                // Nothing was measured of what was not decided.
                @if let Some(times) = side.nanoseconds.filter(|times| times.p99 > 0) { div { dt { (name) } dd { (told(times)) } } }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded to three digits")]
fn nanoseconds(number: u64) -> String {
    duration(number as f64 / 1e9)
}

/// What was decided before, a row each, and after, a column each.
fn matrix(policy: &ReplayedPolicy) -> Markup {
    let before = distinct(policy.matrix.iter().map(|cell| cell.before.as_str()));
    let after = distinct(policy.matrix.iter().map(|cell| cell.after.as_str()));
    let heads: Vec<String> =
        after.iter().map(|outcome| format!("{} after", words(outcome))).collect();
    let mut columns = vec![Column::Text("Before")];
    columns.extend(heads.iter().map(|head| Column::Number(head)));
    let rows = html! {
        @for row in &before {
            tr {
                th scope="row" { (words(row)) " before" }
                @for column in &after { (matrix_cell(&policy.matrix, row, column)) }
            }
        }
    };
    let caption = format!(
        "Decisions of {} {} by what they became in {}",
        policy.policy,
        version(&policy.before),
        version(&policy.after)
    );
    html! { div.matrix { (table(&caption, &columns, &rows)) } }
}

fn matrix_cell(matrix: &[ReplayedCell], before: &str, after: &str) -> Markup {
    let cells: Vec<&ReplayedCell> =
        matrix.iter().filter(|cell| cell.before == before && cell.after == after).collect();
    let sum = |cells: &mut dyn Iterator<Item = &&ReplayedCell>| {
        cells.fold(0, |sum: u64, cell| sum.saturating_add(cell.decisions))
    };
    let decisions = sum(&mut cells.iter());
    let other_answers = sum(&mut cells.iter().filter(|cell| cell.change == "answer"));
    html! {
        td.n.changed[before != after && decisions > 0] {
            @if decisions == 0 { span.muted { "0" } } @else { (count(decisions)) }
            @if other_answers > 0 { div.warning { (count(other_answers)) " with another answer" } }
        }
    }
}

/// An outcome as reports name it, in words.
fn words(outcome: &str) -> &str {
    match outcome {
        "none" => "no verdict",
        "not-served" => "not served",
        outcome => outcome,
    }
}

/// Each once, in the order that outcomes have everywhere.
fn distinct<'a>(outcomes: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const ORDER: [&str; 4] = ["allowed", "denied", "monitored", "none"];
    let place = |outcome: &str| ORDER.iter().position(|one| *one == outcome).unwrap_or(ORDER.len());
    let mut distinct: Vec<&str> = outcomes.collect();
    distinct.sort_by_key(|outcome| (place(outcome), *outcome));
    distinct.dedup();
    distinct
}

fn examples(cell: &ReplayedCell) -> Markup {
    html! {
        details {
            summary {
                (words(&cell.before)) " → " (words(&cell.after))
                @if cell.change == "answer" { ", another answer" }
                ": " (counted(cell.examples.len() as u64, "example", "examples"))
                " of " (count(cell.decisions))
            }
            ul.examples { @for example in &cell.examples { li { (example_of(example)) } } }
        }
    }
}

fn example_of(example: &ReplayedExample) -> Markup {
    html! {
        p {
            code { (example.decision_id) } " " code { (example.path) } " "
            span.muted { (example.log) ":" (example.line) ":" (example.column) }
        }
        dl.terms {
            div { dt { "Before" } dd { (side(&example.before)) } }
            div { dt { "After" } dd { (side(&example.after)) } }
        }
    }
}

fn side(side: &ReplayedSide) -> Markup {
    html! {
        @if let Some(error) = &side.error { (prose(error)) }
        @else if let Some(reasons) = side.reasons.as_ref().filter(|reasons| !reasons.is_empty()) {
            ul.plain {
                @for reason in reasons {
                    li {
                        @if let Some(check) = &reason.check { strong { (check) } " " }
                        (prose(&reason.message))
                        @if let Some(field) = &reason.field { " " code { (field) } }
                    }
                }
            }
        }
        @else { span.muted { "no reasons" } }
    }
}
