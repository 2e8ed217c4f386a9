use maud::{Markup, html};

use super::mark::{is_monitored, mode, verdict};
use super::prose::{prose, words};
use super::table::{Column, table};
use super::time::time_in_list;
use crate::link;
use crate::model::Decision;
use crate::number::duration;

/// Decisions in a list.
pub(in crate::html) fn decision_table(caption: &str, decisions: &[Decision]) -> Markup {
    rows(caption, decisions, true)
}

/// Denials of one policy in a list.
pub(in crate::html) fn denial_table(caption: &str, denials: &[Decision]) -> Markup {
    rows(caption, denials, false)
}

fn rows(caption: &str, decisions: &[Decision], are_of_all: bool) -> Markup {
    let all = [
        Column::Text("Time (UTC)"),
        Column::Text("Verdict"),
        Column::Text("Policy"),
        Column::Text("Reason"),
        Column::Number("Took"),
        Column::Text("Asked by"),
    ];
    let [time, _, _, reason, took, by] = all;
    let of_one = [time, reason, took, by];
    let rows = html! {
        @for decision in decisions {
            tr data-key=(decision.decision_id) {
                th scope="row" {
                    a href=(link::decision(&decision.decision_id)) {
                        (time_in_list(&decision.timestamp))
                    }
                }
                @if are_of_all {
                    td {
                        (verdict(decision.verdict, &decision.mode))
                        @if let Some(code) = &decision.error_code {
                            " " span.muted { (words(code)) }
                        }
                    }
                    td { a href=(link::policy(&decision.id)) { (decision.id) } }
                }
                td.prose {
                    @if !are_of_all && is_monitored(decision.verdict, &decision.mode) {
                        (mode(&decision.mode)) " "
                    }
                    @for check in &decision.checks { strong { (check) } " " }
                    @if let Some(reason) = &decision.reason { (prose(reason)) }
                }
                td.n { @if let Some(time) = decision.microseconds { (duration(time / 1e6)) } }
                td { (decision.requested_by) }
            }
        }
    };
    table(caption, if are_of_all { &all } else { &of_one }, &rows)
}
