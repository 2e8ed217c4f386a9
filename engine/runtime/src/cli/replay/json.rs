use std::io::{self, Write};

use serde::Serialize;

use super::told::Told;
use crate::cli::output;
use crate::policies::Reason;
use crate::replay::{Cell, CellKey, Change, Effect, Example, Group, HiddenCounts, Side, Times};

#[derive(Serialize)]
struct Report<'a> {
    /// Decisions that were made once more.
    decisions: u64,
    changed: u64,
    cannot_be_replayed: &'a HiddenCounts,
    other_events: u64,
    unreadable_events: u64,
    policies: Vec<Versions<'a>>,
}

/// A policy in one version, and what became of it.
#[derive(Serialize)]
struct Versions<'a> {
    policy: &'a str,
    before: At<'a>,
    after: At<'a>,
    matrix: Vec<MatrixCell<'a>>,
}

/// A policy at one time.
#[derive(Serialize)]
struct At<'a> {
    version: Option<&'a str>,
    nanoseconds: Option<Durations>,
}

#[derive(Serialize)]
struct Durations {
    mean: u64,
    p50: u64,
    p99: u64,
}

#[derive(Serialize)]
struct MatrixCell<'a> {
    before: Effect,
    after: Effect,
    change: Change,
    decisions: u64,
    examples: Vec<ToldExample<'a>>,
}

#[derive(Serialize)]
struct ToldExample<'a> {
    log: &'a str,
    event: u64,
    line: usize,
    column: usize,
    decision_id: &'a str,
    path: &'a str,
    before: Said<'a>,
    after: Said<'a>,
}

/// The reasons of an answer, or why there was none.
#[derive(Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Answered { reasons: Vec<Why<'a>> },
    Failed { error: &'a str },
    Unknown {},
}

#[derive(Serialize)]
struct Why<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    message: &'a str,
}

pub(super) fn print(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let replay = told.replay;
    let report = Report {
        decisions: replay.decisions(|_| true),
        changed: told.changed(),
        cannot_be_replayed: &replay.hidden,
        other_events: replay.others,
        unreadable_events: replay.unreadable,
        policies: replay.groups.iter().map(|group| policy(told, group)).collect(),
    };
    output::pretty_json(&report, out)
}

fn policy<'a>(told: &'a Told<'_>, group: &'a Group) -> Versions<'a> {
    Versions {
        policy: &group.policy,
        before: At {
            version: group.before.as_deref(),
            nanoseconds: durations(&group.times_before),
        },
        after: At { version: group.after.as_deref(), nanoseconds: durations(&group.times_after) },
        matrix: group.cells.iter().map(|(key, cell)| matrix_cell(told, *key, cell)).collect(),
    }
}

fn durations(times: &Times) -> Option<Durations> {
    Some(Durations { mean: times.mean()?, p50: times.percentile(50)?, p99: times.percentile(99)? })
}

fn matrix_cell<'a>(told: &'a Told<'_>, key: CellKey, cell: &'a Cell) -> MatrixCell<'a> {
    let CellKey { change, before, after } = key;
    let examples = cell.examples.iter().map(|example| told_example(told, example)).collect();
    MatrixCell { before, after, change, decisions: cell.decisions, examples }
}

fn told_example<'a>(told: &'a Told<'_>, example: &'a Example) -> ToldExample<'a> {
    let (line, column) = example.position();
    ToldExample {
        log: told.log(example.log()),
        event: example.number(),
        line,
        column,
        decision_id: &example.decision_id,
        path: &example.path,
        before: said(&example.before),
        after: said(&example.after),
    }
}

fn said(side: &Side) -> Said<'_> {
    match side {
        Side::Answered(reasons) => Said::Answered { reasons: reasons.iter().map(why).collect() },
        Side::Failed(error) => Said::Failed { error },
        Side::Unknown => Said::Unknown {},
    }
}

fn why(reason: &Reason) -> Why<'_> {
    let Reason { check, field, message } = reason;
    Why { check: check.as_deref(), field: field.as_deref(), message }
}
