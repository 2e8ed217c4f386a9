//! What is expected of an answer, and how it differs from that.

use policy_api::Verdict;
use serde_json::Value as Json;

use super::difference::Differences;
use crate::documents::located::{Node, Origin, Value};

/// What is expected: an answer, or none.
#[derive(Debug)]
pub(super) enum Expectation {
    /// An error that contains this text.
    Error(String, Origin),
    Answer(ExpectedAnswer),
}

/// The parts of an answer that are looked at: at least one.
#[derive(Debug, Default)]
pub(super) struct ExpectedAnswer {
    pub(super) verdict: Option<(Option<Verdict>, Origin)>,
    pub(super) checks: Option<ExpectedChecks>,
    pub(super) output: Option<Node>,
    pub(super) patch: Option<Node>,
}

/// Checks with the place of each.
pub(super) type CheckIds = Vec<(String, Origin)>;

/// The checks that deny.
#[derive(Debug)]
pub(super) enum ExpectedChecks {
    /// These and no others.
    Exactly(CheckIds, Origin),
    /// Some that do, and some that do not.
    Among { include: CheckIds, exclude: CheckIds },
}

impl ExpectedAnswer {
    /// Returns whether every answer is as expected.
    pub(super) fn is_empty(&self) -> bool {
        let checks = match &self.checks {
            Some(ExpectedChecks::Among { include, exclude }) => {
                include.is_empty() && exclude.is_empty()
            }
            Some(ExpectedChecks::Exactly(..)) => false,
            None => true,
        };
        let nothing = |node: &Node| matches!(&node.value, Value::Table(all) if all.is_empty());
        let output = self.output.as_ref().is_none_or(nothing);
        self.verdict.is_none() && checks && output && self.patch.is_none()
    }

    /// The reason why no answer can be as expected, with its place.
    pub(super) fn contradiction(&self, path: &str) -> Option<(Origin, String)> {
        let denies = match &self.checks {
            Some(ExpectedChecks::Exactly(ids, _)) => ids.first(),
            Some(ExpectedChecks::Among { include, exclude }) => {
                let both = exclude.iter().find(|(id, _)| include.iter().any(|(one, _)| one == id));
                if let Some((id, at)) = both {
                    let message = format!(
                        "`{path}.checks` never holds: `{id}` is in `include` and in `exclude`"
                    );
                    return Some((at.clone(), message));
                }
                include.first()
            }
            None => None,
        };
        let (verdict, _) = self.verdict.as_ref()?;
        let words = verdict_in_words(*verdict);
        if let Some((id, at)) = denies
            && *verdict != Some(Verdict::Denied)
        {
            let message =
                format!("`{path}` never holds: check `{id}` denies, and the verdict is `{words}`");
            return Some((at.clone(), message));
        }
        let output = self.output.as_ref()?;
        let said = Verdict::from_output(output.to_json().as_bytes())?;
        (*verdict != Some(said)).then(|| {
            let message = format!(
                "`{path}` never holds: by `output` the verdict is `{said}`, and by `verdict` it is \
                 `{words}`"
            );
            (output.at.clone(), message)
        })
    }

    /// Compares an answer: its verdict, the checks that denied, and its output.
    pub(super) fn compare(
        &self,
        verdict: Option<Verdict>,
        checks: &[String],
        output: &Json,
    ) -> Differences {
        let mut differences = Differences::default();
        if let Some((expected, at)) = &self.verdict {
            let (expected, found) = (verdict_in_words(*expected), verdict_in_words(verdict));
            differences.scalar("verdict", at, expected, found);
        }
        match &self.checks {
            None => {}
            Some(ExpectedChecks::Exactly(expected, at)) => {
                differences.set("checks", at, expected, checks);
            }
            Some(ExpectedChecks::Among { include, exclude }) => {
                differences.included("checks.include", include, checks);
                differences.excluded("checks.exclude", exclude, checks);
            }
        }
        if let Some(expected) = &self.output {
            differences.part("output", expected, Some(output));
        }
        if let Some(expected) = &self.patch {
            let none = Json::Array(Vec::new());
            let found = output.get("patch").filter(|patch| !patch.is_null()).unwrap_or(&none);
            differences.part("patch", expected, Some(found));
        }
        differences
    }
}

impl Expectation {
    /// The difference of an answer where an error is expected.
    pub(super) fn answered(part: &str, at: &Origin, verdict: Option<Verdict>) -> Differences {
        let mut differences = Differences::default();
        let found = format!("none: the verdict is `{}`", verdict_in_words(verdict));
        differences.scalar("error", at, part, &found);
        differences
    }

    /// The difference of another error than the one that is expected.
    pub(super) fn failed(part: &str, at: &Origin, message: &str) -> Differences {
        let mut differences = Differences::default();
        if !message.contains(part) {
            differences.scalar("error", at, part, message);
        }
        differences
    }
}

/// What is expected, or was found, where an output may be no verdict.
pub(crate) fn verdict_in_words(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Allowed) => "allowed",
        Some(Verdict::Denied) => "denied",
        None => "none",
    }
}
