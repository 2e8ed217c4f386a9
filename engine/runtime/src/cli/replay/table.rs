//! Tables for people at a terminal, and for a comment or a summary in Markdown.

use std::io::{self, Write};
use std::time::Duration;

use policy_report::markdown_code;
use policy_text::escape_line;

use super::told::{Told, reason, versions};
use crate::cli::output;
use crate::replay::{Change, Effect, Group, Side};

const MATRIX: [&str; 6] = ["POLICY", "VERSION", "BEFORE", "AFTER", "CHANGED", "DECISIONS"];
const EXAMPLES: [&str; 4] = ["EXAMPLE", "POLICY", "BEFORE", "AFTER"];
const TIMES: [&str; 8] =
    ["TIME OF", "VERSION", "BEFORE: MEAN", "P50", "P99", "AFTER: MEAN", "P50", "P99"];

/// A header, and rows of cells of lines.
type Table = (&'static [&'static str], Vec<Vec<Vec<String>>>);

fn tables(told: &Told<'_>) -> [Table; 3] {
    let groups = &told.replay.groups;
    [
        (&MATRIX, groups.iter().flat_map(cells).collect()),
        (&EXAMPLES, groups.iter().flat_map(|group| examples(told, group)).collect()),
        (&TIMES, groups.iter().map(times).collect()),
    ]
}

pub(super) fn print(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (header, rows) in tables(told) {
        if !rows.is_empty() {
            let rows = rows.into_iter().map(|row| {
                let lines = |cell: Vec<String>| {
                    cell.iter().map(|line| escape_line(line)).collect::<Vec<_>>().join("\n")
                };
                row.into_iter().map(lines).collect()
            });
            writeln!(out, "{}", output::table(header, rows))?;
        }
    }
    for line in told.summary() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

pub(super) fn print_markdown(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    for line in told.summary() {
        writeln!(out, "- {line}")?;
    }
    for (header, rows) in tables(told) {
        if rows.is_empty() {
            continue;
        }
        let header = header.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
        writeln!(out, "\n| {} |\n|{}", header.join(" | "), " --- |".repeat(header.len()))?;
        for row in rows {
            let lines = |cell: Vec<String>| {
                cell.iter().map(|line| markdown_code(line)).collect::<Vec<_>>().join("<br>")
            };
            let cells: Vec<_> = row.into_iter().map(lines).collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
    }
    Ok(())
}

/// A cell of a table: its lines, as they came.
type Lines = Vec<String>;

fn cells(group: &Group) -> impl Iterator<Item = Vec<Lines>> {
    group.cells.iter().map(|(key, cell)| {
        let change = match key.change {
            Change::Verdict => "verdict",
            Change::Answer => "answer",
            Change::Nothing => "-",
        };
        let row = [
            group.policy.clone(),
            versions(group),
            key.before.to_string(),
            key.after.to_string(),
            change.to_owned(),
            cell.decisions.to_string(),
        ];
        row.map(|cell| vec![cell]).to_vec()
    })
}

fn examples<'a>(told: &'a Told<'_>, group: &'a Group) -> impl Iterator<Item = Vec<Lines>> + 'a {
    let changed = group.cells.iter().filter(|(key, _)| told.is_change(key.change));
    changed.flat_map(|(key, cell)| {
        cell.examples.iter().map(|example| {
            vec![
                vec![told.place(example)],
                vec![group.policy.clone()],
                side(key.before, &example.before),
                side(key.after, &example.after),
            ]
        })
    })
}

/// An effect, and why, on lines of their own.
fn side(effect: Effect, side: &Side) -> Lines {
    let mut lines = vec![effect.to_string()];
    match side {
        Side::Answered(reasons) => lines.extend(reasons.iter().map(reason)),
        Side::Failed(problem) => lines.push(problem.clone()),
        Side::Unknown => {}
    }
    lines
}

fn times(group: &Group) -> Vec<Lines> {
    let mut row = vec![vec![group.policy.clone()], vec![versions(group)]];
    for times in [&group.times_before, &group.times_after] {
        let times = [times.mean(), times.percentile(50), times.percentile(99)];
        row.extend(times.map(|time| vec![duration(time)]));
    }
    row
}

fn duration(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or("-".to_owned(), |time| format!("{:.2?}", Duration::from_nanos(time)))
}
