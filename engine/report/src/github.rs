//! [Workflow commands] of GitHub: each problem is an annotation at its line.
//!
//! [Workflow commands]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

use std::io::{self, Write};

use super::{Report, Severity};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for case in &report.cases {
        for problem in case.problems(report.words) {
            let rule = report.rule(&problem.rule).filter(|_| !case.is_broken());
            write!(out, "::{} ", kind(rule.map(|rule| rule.severity)))?;
            if !case.is_standard_input() {
                write!(out, "file={},", property(&case.file))?;
            }
            if let Some((line, column)) = problem.place.filter(|_| !case.is_standard_input()) {
                write!(out, "line={line},col={column},")?;
            }
            let title = match problem.check {
                Some(check) => format!("{}: {check}", case.judge),
                None => case.judge.clone(),
            };
            writeln!(out, "title={}::{}", property(&title), data(&problem.text))?;
        }
    }
    Ok(())
}

/// The kind of annotation.
fn kind(severity: Option<Severity>) -> &'static str {
    match severity {
        None | Some(Severity::Critical | Severity::High) => "error",
        Some(Severity::Medium) => "warning",
        Some(Severity::Low) => "notice",
    }
}

/// Escapes what ends a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what ends a property, as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
