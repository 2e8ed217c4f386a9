use maud::{Markup, html};

use super::prose::prose;
use crate::model::{Line, MarkedText, Violation};
use crate::number::counted;

/// Numbered lines with the violations beside those that they come from, or below on a narrow screen.
pub(in crate::html) fn lines(text: &MarkedText, violations: &[Violation]) -> Markup {
    html! {
        ol.lines {
            @for (place, line) in text.lines.iter().enumerate() {
                @if line.violations.is_empty() {
                    li { code { (line.text) } }
                } @else {
                    li.hit id={ "L" (place + 1) } { code { (line.text) } (beside(line, violations)) }
                }
            }
        }
        @if text.omitted_lines > 0 {
            p.muted { (counted(text.omitted_lines as u64, "more line is", "more lines are")) " not shown" }
        }
    }
}

fn beside(line: &Line, violations: &[Violation]) -> Markup {
    html! {
        div {
            @for violation in line.violations.iter().filter_map(|place| violations.get(*place)) {
                p { (check(violation)) (prose(&violation.message)) }
            }
        }
    }
}

/// Violations, with links to the lines that they come from.
pub(in crate::html) fn violations(violations: &[Violation]) -> Markup {
    html! {
        ul.violations {
            @for violation in violations {
                li {
                    p { (check(violation)) (prose(&violation.message)) }
                    @if violation.field.is_some() || violation.line.is_some() {
                        p.muted {
                            @if let Some(field) = &violation.field { code { (field) } " " }
                            @if let Some(line) = violation.line {
                                a href={ "#L" (line) } { "line " (line) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn check(violation: &Violation) -> Markup {
    html! { @if let Some(check) = &violation.check { strong { (check) } " " } }
}
