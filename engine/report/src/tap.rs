//! [TAP 14](https://testanything.org/tap-version-14-specification.html): a test a case.

use std::io::{self, Write};

use policy_text::escape_line;
use serde::Serialize;

use super::Report;

/// The block of YAML behind a test that does not pass. JSON is YAML, and needs no writer for it.
#[derive(Serialize)]
struct Diagnostic<'a> {
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "TAP version 14\n1..{}", report.cases.len())?;
    for (index, case) in report.cases.iter().enumerate() {
        let problems = case.problems(report.words);
        let ok = if problems.is_empty() { "ok" } else { "not ok" };
        let name = format!("{} {}: {}", case.file_name(), case.name, case.judge);
        writeln!(out, "{ok} {} - {}", index + 1, description(&name))?;
        if problems.is_empty() {
            continue;
        }
        writeln!(out, "  ---")?;
        for problem in problems {
            let diagnostic = Diagnostic {
                severity: if case.is_broken() { "error" } else { "fail" },
                message: &problem.text,
                check: problem.check,
                line: problem.place.map(|(line, _)| line),
                column: problem.place.map(|(_, column)| column),
            };
            writeln!(out, "  - {}", serde_json::to_string(&diagnostic)?)?;
        }
        writeln!(out, "  ...")?;
    }
    Ok(())
}

/// A description: a `#` in it would begin a directive.
fn description(text: &str) -> String {
    escape_line(text).replace('\\', "\\\\").replace('#', "\\#")
}
