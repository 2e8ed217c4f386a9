//! A table in GitHub's Markdown, for a comment or a job's summary.

use std::io::{self, Write};

use policy_text::escape_line;

use super::{Case, Report, Words};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Words { command, passed, failed, broken } = report.words;
    let count = |is: fn(&Case) -> bool| report.cases.iter().filter(|case| is(case)).count();
    let (failures, errors) = (count(Case::is_failed), count(Case::is_broken));
    let passes = report.cases.len() - failures - errors;
    let mut judges: Vec<_> = report.cases.iter().map(|case| &*case.judge).collect();
    judges.dedup();
    let of = match *judges {
        [judge] => code(judge),
        _ => format!("{} {command}", report.tool.name),
    };
    writeln!(out, "**{of}**: {passes} {passed}, {failures} {failed}, {errors} {broken}")?;
    if failures + errors == 0 {
        return Ok(());
    }
    writeln!(out, "\n| where | verdict | why |\n| --- | --- | --- |")?;
    for case in &report.cases {
        let verdict = if case.is_broken() { broken } else { failed };
        for problem in case.problems(report.words) {
            let place = problem.place.map(|(line, column)| format!(":{line}:{column}"));
            let place = place.unwrap_or_else(|| format!(" {}", case.name));
            let place = code(&format!("{}{place}", case.file_name()));
            let check = problem.check.map(|check| format!("{}: ", code(check))).unwrap_or_default();
            writeln!(out, "| {place} | {verdict} | {check}{} |", code(&problem.text))?;
        }
    }
    Ok(())
}

/// Text in a cell that nothing reads as Markdown, as it may be of a stranger's document: no link, no
/// image, no mention.
#[must_use]
pub fn code(text: &str) -> String {
    let text = escape_line(text).replace('|', "\\|");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
