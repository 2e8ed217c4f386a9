//! Reports for CI: a case for each cell of the matrix, with its examples as findings.

use std::io::{self, Write};

use policy_report::{Case, Finding, Format, Outcome, Report, Rule, Severity, Words};

use super::told::{Told, cell_name, counted, group_name, reason};
use crate::cli::report::TOOL;
use crate::replay::{Cell, CellKey, Change, Example, Group, Side};

pub(super) fn print(told: &Told<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let rule = |change: Change, summary: &str, severity| Rule {
        id: rule(change).to_owned(),
        summary: summary.to_owned(),
        severity,
        link: None,
    };
    let groups = told.replay.groups.iter();
    let mut cases: Vec<_> = groups
        .flat_map(|group| {
            group.cells.iter().flat_map(|(key, cell)| cell_cases(told, group, *key, cell))
        })
        .chain(told.replay.problems.iter().map(|(log, problem)| broken(told, *log, problem)))
        .collect();
    // Those of a log stand together; a stable sort keeps the rest of their order.
    cases.sort_by_key(|(log, _)| *log);
    let report = Report {
        tool: TOOL,
        words: Words {
            command: "replay",
            passed: "unchanged",
            failed: "changed",
            broken: "failed",
        },
        rules: vec![
            rule(Change::Verdict, "Every verdict is as it was", Severity::High),
            rule(Change::Answer, "Every answer is as it was", Severity::Medium),
        ],
        cases: cases.into_iter().map(|(_, case)| case).collect(),
    };
    report.write(format, out)
}

fn rule(change: Change) -> &'static str {
    match change {
        Change::Verdict | Change::Nothing => "verdict",
        Change::Answer => "answer",
    }
}

/// The cases of a cell, with the number of their log: one for each log that it has examples of.
fn cell_cases<'a>(
    told: &'a Told<'_>,
    group: &'a Group,
    key: CellKey,
    cell: &'a Cell,
) -> Vec<(usize, Case)> {
    let case = |log: usize, examples: &[Example], outcome| {
        let case = Case {
            file: told.log(log).to_owned(),
            name: format!("{}: {}", group_name(group), cell_name(key)),
            judge: group.policy.clone(),
            rule: rule(key.change).to_owned(),
            place: examples.first().map(Example::position),
            outcome,
        };
        (log, case)
    };
    if !told.is_change(key.change) {
        let log = cell.examples.first().map_or(0, Example::log);
        return vec![case(log, &[], Outcome::Passed)];
    }
    if cell.examples.is_empty() {
        let finding = finding(key, cell, None);
        return vec![case(0, &[], Outcome::Failed(vec![finding]))];
    }
    let logs = cell.examples.chunk_by(|one, next| one.log() == next.log());
    let of_log = logs.map(|examples| {
        let findings = examples.iter().map(|example| finding(key, cell, Some(example)));
        let log = examples.first().map_or(0, Example::log);
        case(log, examples, Outcome::Failed(findings.collect()))
    });
    of_log.collect()
}

fn finding(key: CellKey, cell: &Cell, example: Option<&Example>) -> Finding {
    let mut message = format!("{}, {}", cell_name(key), counted(cell.decisions));
    if let Some(example) = example {
        message.extend([", such as ", &example.decision_id]);
        for (time, side) in [("before", &example.before), ("after", &example.after)] {
            let why = match side {
                Side::Answered(reasons) => {
                    let reasons: Vec<_> = reasons.iter().map(reason).collect();
                    reasons.join(", ")
                }
                Side::Failed(problem) => problem.clone(),
                Side::Unknown => String::new(),
            };
            if !why.is_empty() {
                message.extend(["; ", time, ": ", &why]);
            }
        }
    }
    Finding { check: None, field: None, message, place: example.map(Example::position) }
}

fn broken(told: &Told<'_>, log: usize, problem: &str) -> (usize, Case) {
    let case = Case {
        file: told.log(log).to_owned(),
        name: "the log".to_owned(),
        judge: TOOL.name.to_owned(),
        rule: rule(Change::Verdict).to_owned(),
        place: None,
        outcome: Outcome::Broken(problem.to_owned()),
    };
    (log, case)
}
