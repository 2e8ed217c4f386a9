use std::io::{self, Write};
use std::time::Duration;

use policy_text::escape_line;

use super::Told;
use crate::cli::output;
use crate::replay::{Change, Effect, Group, Side};

pub(super) fn print(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let replay = told.replay;
    if !replay.groups.is_empty() {
        let rows = replay.groups.iter().flat_map(cells);
        let header = ["POLICY", "VERSION", "BEFORE", "AFTER", "CHANGED", "DECISIONS"];
        out.write_all(output::table(&header, rows).as_bytes())?;
        let examples: Vec<_> =
            replay.groups.iter().flat_map(|group| examples(told, group)).collect();
        if !examples.is_empty() {
            let header = ["EXAMPLE", "POLICY", "BEFORE", "AFTER"];
            write!(out, "\n{}", output::table(&header, examples))?;
        }
        let header =
            ["TIME OF", "VERSION", "BEFORE: MEAN", "P50", "P99", "AFTER: MEAN", "P50", "P99"];
        write!(out, "\n{}", output::table(&header, replay.groups.iter().map(times)))?;
        writeln!(out)?;
    }
    let changed = replay.decisions(|change| told.is_change(change));
    writeln!(out, "{} decisions, {changed} changed", replay.decisions(|_| true))?;
    for (hidden, count) in replay.hidden.each().filter(|(_, count)| *count > 0) {
        writeln!(out, "{count} cannot be replayed: {hidden}")?;
    }
    if replay.others > 0 {
        writeln!(out, "{} events are no decisions", replay.others)?;
    }
    Ok(())
}

fn cells(group: &Group) -> impl Iterator<Item = Vec<String>> {
    group.cells.iter().map(|(key, cell)| {
        let change = match key.change {
            Change::Verdict => "verdict",
            Change::Answer => "answer",
            Change::Nothing => "-",
        };
        vec![
            escape_line(&group.policy).into_owned(),
            versions(group),
            key.before.to_string(),
            key.after.to_string(),
            change.to_owned(),
            cell.decisions.to_string(),
        ]
    })
}

fn examples<'a>(told: &'a Told<'_>, group: &'a Group) -> impl Iterator<Item = Vec<String>> + 'a {
    let changed = group.cells.iter().filter(|(key, _)| told.is_change(key.change));
    changed.flat_map(|(key, cell)| {
        cell.examples.iter().map(|example| {
            vec![
                escape_line(&told.place(example)).into_owned(),
                escape_line(&group.policy).into_owned(),
                side(key.before, &example.before),
                side(key.after, &example.after),
            ]
        })
    })
}

/// An effect, and why, on lines of their own.
fn side(effect: Effect, side: &Side) -> String {
    let mut lines = vec![effect.to_string()];
    match side {
        Side::Answered(reasons) => lines.extend(reasons.iter().map(|reason| match &reason.check {
            Some(check) => format!("{}: {reason}", escape_line(check)),
            None => reason.to_string(),
        })),
        Side::Failed(problem) => lines.push(escape_line(problem).into_owned()),
        Side::Unknown => {}
    }
    lines.join("\n")
}

fn times(group: &Group) -> Vec<String> {
    let mut row = vec![escape_line(&group.policy).into_owned(), versions(group)];
    for times in [&group.times_before, &group.times_after] {
        row.extend([times.mean(), times.percentile(50), times.percentile(99)].map(duration));
    }
    row
}

/// Three figures say enough.
fn duration(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or("-".to_owned(), |time| format!("{:.2?}", Duration::from_nanos(time)))
}

fn versions(group: &Group) -> String {
    let version = |version: &Option<String>| {
        version.as_deref().map_or("-".to_owned(), |version| escape_line(version).into_owned())
    };
    if group.before == group.after {
        version(&group.before)
    } else {
        format!("{} → {}", version(&group.before), version(&group.after))
    }
}
