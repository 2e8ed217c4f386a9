use policy_text::escape_line;

use crate::policies::Reason;
use crate::replay::{CellKey, Change, Example, Group, Replay};

/// What the forms of output are made of.
pub(super) struct Told<'a> {
    pub(super) replay: &'a Replay,
    /// The logs as they were named.
    pub(super) logs: Vec<String>,
    pub(super) verdicts_only: bool,
}

impl Told<'_> {
    pub(super) fn is_change(&self, change: Change) -> bool {
        match change {
            Change::Verdict => true,
            Change::Answer => !self.verdicts_only,
            Change::Nothing => false,
        }
    }

    /// How many decisions changed.
    pub(super) fn changed(&self) -> u64 {
        self.replay.decisions(|change| self.is_change(change))
    }

    /// A log, as it was named.
    pub(super) fn log(&self, number: usize) -> &str {
        self.logs.get(number).map_or("", String::as_str)
    }

    /// The place of an example, such as `decisions.jsonl:12:1`.
    pub(super) fn place(&self, example: &Example) -> String {
        let (line, column) = example.position();
        format!("{}:{line}:{column}", self.log(example.log()))
    }

    /// The counts, a sentence each.
    pub(super) fn summary(&self) -> Vec<String> {
        let replay = self.replay;
        let decisions = replay.decisions(|_| true);
        let mut lines = vec![format!("{}, {} changed", counted(decisions), self.changed())];
        lines.extend(self.left_out());
        lines
    }

    /// Why events were not replayed, a sentence each.
    pub(super) fn left_out(&self) -> Vec<String> {
        let hidden = self.replay.hidden.each().filter(|(_, count)| *count > 0);
        let mut lines: Vec<_> = hidden
            .map(|(hidden, count)| format!("{} cannot be replayed: {hidden}", counted(count)))
            .collect();
        if self.replay.others > 0 {
            lines.push(format!("{} of the logs' events are no decisions", self.replay.others));
        }
        lines
    }
}

pub(super) fn counted(decisions: u64) -> String {
    if decisions == 1 { "1 decision".to_owned() } else { format!("{decisions} decisions") }
}

/// A policy with its versions, such as `pods 1.0.0 → 1.1.0`.
pub(super) fn group_name(group: &Group) -> String {
    format!("{} {}", group.policy, versions(group))
}

pub(super) fn versions(group: &Group) -> String {
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
    if group.before == group.after {
        version(&group.before)
    } else {
        format!("{} → {}", version(&group.before), version(&group.after))
    }
}

/// A cell, such as `denied → allowed`.
pub(super) fn cell_name(key: CellKey) -> String {
    let answer = if key.change == Change::Answer { ", another answer" } else { "" };
    format!("{} → {}{answer}", key.before, key.after)
}

/// A reason on one line, with its check.
pub(super) fn reason(reason: &Reason) -> String {
    match &reason.check {
        Some(check) => format!("{}: {reason}", escape_line(check)),
        None => reason.to_string(),
    }
}
