use maud::{Markup, html};

use super::prose::prose;
use crate::model::{Line, MarkedText, Violation};
use crate::number::counted;

/// Numbered lines with the violations beside those that they come from, or below on a narrow screen.
/// `others` are those of another policy.
pub(in crate::html) fn lines(
    text: &MarkedText,
    violations: &[Violation],
    others: &[Violation],
) -> Markup {
    html! {
        ol.lines {
            @for (place, line) in text.lines.iter().enumerate() {
                @let found = found_in(line, place + 1, violations, others);
                @if found.is_empty() {
                    li { code { (line.text) } }
                } @else {
                    li.hit id={ "L" (place + 1) } { code { (line.text) } (beside(&found)) }
                }
            }
        }
        @if text.omitted_lines > 0 {
            p.muted {
                (counted(text.omitted_lines as u64, "more line is", "more lines are")) " not shown"
            }
        }
    }
}

/// The violations of a line, each once.
fn found_in<'a>(
    line: &Line,
    number: usize,
    violations: &'a [Violation],
    others: &'a [Violation],
) -> Vec<&'a Violation> {
    let mut found: Vec<&Violation> =
        line.violations.iter().filter_map(|place| violations.get(*place)).collect();
    for other in others.iter().filter(|other| other.line == Some(number)) {
        if !found.contains(&other) {
            found.push(other);
        }
    }
    found
}

fn beside(violations: &[&Violation]) -> Markup {
    html! {
        div {
            @for violation in violations { p { (check(violation)) (prose(&violation.message)) } }
        }
    }
}

/// Violations, with links to the lines that they come from, where those are shown. `omitted` are more
/// that are not.
pub(in crate::html) fn violations(
    violations: &[Violation],
    omitted: usize,
    text: Option<&MarkedText>,
) -> Markup {
    let shown = text.map_or(0, |text| text.lines.len());
    html! {
        ul.violations {
            @for violation in violations {
                li {
                    p { (check(violation)) (prose(&violation.message)) }
                    @if violation.field.is_some() || violation.line.is_some() {
                        p.muted {
                            @if let Some(field) = &violation.field { code { (field) } " " }
                            @if let Some(line) = violation.line {
                                @if line <= shown { a href={ "#L" (line) } { "line " (line) } }
                                @else { "line " (line) }
                            }
                        }
                    }
                }
            }
        }
        @if omitted > 0 {
            p.muted { (counted(omitted as u64, "more is", "more are")) " not shown" }
        }
    }
}

fn check(violation: &Violation) -> Markup {
    html! { @if let Some(check) = &violation.check { strong { (check) } " " } }
}
