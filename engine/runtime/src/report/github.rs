//! [Workflow commands] of GitHub: each problem is an annotation at its line.
//!
//! [Workflow commands]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

use std::io::{self, Write};

use super::Report;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for case in &report.cases {
        for problem in case.problems() {
            out.write_all(b"::error ")?;
            if !case.is_standard_input() {
                write!(out, "file={},", property(&case.file))?;
            }
            if let Some((line, column)) = problem.place.filter(|_| !case.is_standard_input()) {
                write!(out, "line={line},col={column},")?;
            }
            let title = match problem.check {
                Some(check) => format!("{}: {check}", report.policy_ref()),
                None => report.policy_ref(),
            };
            writeln!(out, "title={}::{}", property(&title), data(&problem.text))?;
        }
    }
    Ok(())
}

/// Escapes what ends a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what ends a property, as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
