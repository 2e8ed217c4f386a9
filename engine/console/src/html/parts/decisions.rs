use maud::{Markup, html};

use super::mark::{mode, verdict};
use super::table::{Column, table};
use super::time::time_in_list;
use crate::link;
use crate::model::Decision;
use crate::number::duration;

/// Decisions in a list.
pub(in crate::html) fn decision_table(caption: &str, decisions: &[Decision]) -> Markup {
    let columns = [
        Column::Text("Time (UTC)"),
        Column::Text("Verdict"),
        Column::Text("Policy"),
        Column::Text("Reason"),
        Column::Number("Took"),
        Column::Text("Asked by"),
    ];
    let rows = html! {
        @for decision in decisions {
            tr data-key=(decision.decision_id) {
                th scope="row" {
                    a href=(link::decision(&decision.decision_id)) {
                        (time_in_list(&decision.timestamp))
                    }
                }
                td { (verdict(decision.verdict)) }
                td {
                    (decision.id)
                    @if decision.mode == "monitor" { " " (mode(&decision.mode)) }
                }
                td.prose {
                    @for check in &decision.checks { strong { (check) } " " }
                    @if let Some(reason) = &decision.reason { (reason) }
                }
                td.n { @if let Some(time) = decision.microseconds { (duration(time / 1e6)) } }
                td { (decision.requested_by) }
            }
        }
    };
    table(caption, &columns, &rows)
}
