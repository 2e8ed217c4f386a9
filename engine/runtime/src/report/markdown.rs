//! A table in GitHub's Markdown, for a comment or a job's summary.

use std::io::{self, Write};

use policy_text::escape_line;

use super::{Report, Verdict};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let count =
        |is: fn(&Verdict) -> bool| report.cases.iter().filter(|case| is(&case.verdict)).count();
    let allowed = count(|verdict| matches!(verdict, Verdict::Allowed | Verdict::None));
    let denied = count(|verdict| matches!(verdict, Verdict::Denied(_)));
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    writeln!(
        out,
        "**{}**: {allowed} allowed, {denied} denied, {failed} failed",
        code(&report.policy_ref())
    )?;
    if denied + failed == 0 {
        return Ok(());
    }
    writeln!(out, "\n| where | verdict | why |\n| --- | --- | --- |")?;
    for case in &report.cases {
        let verdict = if case.is_failed() { "failed" } else { "denied" };
        for problem in case.problems() {
            let place = problem.place.map(|(line, column)| format!(":{line}:{column}"));
            let place = place.unwrap_or_else(|| format!(" {}", case.name()));
            let place = code(&format!("{}{place}", case.file_name()));
            let check = problem.check.map(|check| format!("{}: ", code(check))).unwrap_or_default();
            writeln!(out, "| {place} | {verdict} | {check}{} |", code(&problem.text))?;
        }
    }
    Ok(())
}

/// Text in a cell that nothing reads as Markdown, as it may be of a stranger's document: no link, no
/// image, no mention.
fn code(text: &str) -> String {
    let text = escape_line(text).replace('|', "\\|");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
