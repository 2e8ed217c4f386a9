use std::collections::BTreeMap;

use policy_api::Verdict;
use serde::Serialize;

use super::run::{Answer, CaseResult, Judgement};
use super::suite::{Case, Subject};

/// What the cases of a run reach of the policies that they ask.
#[derive(Debug, Serialize)]
pub(crate) struct Coverage {
    /// Sorted by policy and version; the checks of a policy in the order in which it declares them.
    pub(crate) checks: Vec<CheckCoverage>,
    /// How many of them are covered.
    pub(crate) covered: usize,
}

/// The cases that reach a check; of a policy that declares none, those that it decides.
#[derive(Debug, Serialize)]
pub(crate) struct CheckCoverage {
    pub(crate) policy: &'static str,
    pub(crate) version: String,
    /// `None` for the verdicts of a policy that declares no checks.
    pub(crate) check: Option<&'static str>,
    /// Cases that are allowed.
    pub(crate) allowed: usize,
    /// Cases that it denies.
    pub(crate) denied: usize,
}

impl CheckCoverage {
    /// Whether a case is denied by it, and another is allowed.
    pub(crate) fn is_covered(&self) -> bool {
        self.allowed > 0 && self.denied > 0
    }
}

impl Coverage {
    /// Counts the cases that passed.
    pub(crate) fn new<'a>(results: impl Iterator<Item = (&'a Case, &'a CaseResult)>) -> Self {
        let mut policies = BTreeMap::new();
        for (case, result) in results {
            let subject = &*case.subject;
            let checks = policies
                .entry((subject.entry.name(), subject.entry.version.clone()))
                .or_insert_with(|| rows(subject));
            if let (Judgement::Passed, Some(answer)) = (&result.judgement, &result.answer) {
                count(checks, answer);
            }
        }
        let checks: Vec<_> = policies.into_values().flatten().collect();
        let covered = checks.iter().filter(|check| check.is_covered()).count();
        Self { checks, covered }
    }

    /// Whether so many percent of the checks are covered.
    pub(crate) fn reaches(&self, percent: u8) -> bool {
        self.covered * 100 >= self.checks.len() * usize::from(percent)
    }

    /// The covered part of the checks, in whole percent.
    pub(crate) fn percent(&self) -> usize {
        (self.covered * 100).checked_div(self.checks.len()).unwrap_or(100)
    }
}

fn rows(subject: &Subject) -> Vec<CheckCoverage> {
    let row = |check| CheckCoverage {
        policy: subject.entry.name(),
        version: subject.version.clone(),
        check,
        allowed: 0,
        denied: 0,
    };
    let checks = subject.entry.registration.checks;
    if checks.is_empty() {
        return vec![row(None)];
    }
    checks.iter().map(|check| row(Some(check.id))).collect()
}

fn count(rows: &mut [CheckCoverage], answer: &Answer) {
    for row in rows {
        match answer.verdict {
            Some(Verdict::Allowed) => row.allowed += 1,
            Some(Verdict::Denied) => {
                let denies =
                    row.check.is_none_or(|id| answer.checks.iter().any(|check| check == id));
                row.denied += usize::from(denies);
            }
            None => {}
        }
    }
}
