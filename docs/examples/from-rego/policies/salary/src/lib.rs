use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use policy_api::{Context, Error, Policy};
use serde::{Deserialize, Serialize};

// ANCHOR: types
/// The data: who reports to whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    reports: BTreeMap<String, BTreeSet<String>>,
}

/// The input.
#[derive(Deserialize)]
pub struct Request<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    path: Vec<Cow<'a, str>>,
}

/// The document that clients ask for: `allow` is a field of it.
#[derive(Serialize)]
pub struct Answer {
    allow: bool,
}
// ANCHOR_END: types

// ANCHOR: rules
pub struct Salary {
    reports: BTreeMap<String, BTreeSet<String>>,
}

impl Salary {
    fn allows(&self, request: &Request<'_>) -> bool {
        // `GET /finance/salary/EMPLOYEE`, and nothing else.
        let ("GET", [finance, salary, employee]) = (&*request.method, &*request.path) else {
            return false;
        };
        if finance != "finance" || salary != "salary" {
            return false;
        }
        // People read their own salary; managers those of their reports.
        let reports = self.reports.get(&*request.user);
        *employee == request.user || reports.is_some_and(|names| names.contains(&**employee))
    }
}

impl Policy for Salary {
    type Settings = Settings;
    type Input<'a> = Request<'a>;
    type Output<'a> = Answer;

    fn validate(Settings { reports }: Settings) -> Result<Self, Error> {
        Ok(Self { reports })
    }

    fn execute<'a>(&'a self, request: Request<'a>, _: &Context<'a>) -> Result<Answer, Error> {
        Ok(Answer { allow: self.allows(&request) })
    }
}

policy_api::register!(Salary);
// ANCHOR_END: rules

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;
    use policy_api::Verdict;

    const REPORTS: &str = r#"{"reports": {"bob": ["alice"], "betty": ["charlie"]}}"#;

    #[track_caller]
    fn assert_verdict(expected: Verdict, user: &str, employee: &str) {
        let input = format!(
            r#"{{"user": "{user}", "method": "GET", "path": ["finance", "salary", "{employee}"]}}"#
        );
        let decided = policy_api::decide::<Salary>(REPORTS, &input).unwrap();
        assert_eq!(decided.verdict, Some(expected), "{user} reads {employee}'s");
    }

    #[test]
    fn own_salary_is_allowed() {
        assert_verdict(Verdict::Allowed, "alice", "alice");
    }

    #[test]
    fn managers_read_those_of_their_reports() {
        assert_verdict(Verdict::Allowed, "bob", "alice");
    }

    #[test]
    fn nobody_else_does() {
        assert_verdict(Verdict::Denied, "bob", "charlie");
        assert_verdict(Verdict::Denied, "alice", "bob");
    }
}
// ANCHOR_END: tests
