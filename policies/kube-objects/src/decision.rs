use std::fmt;

use policy_api::bounded;
use serde::Serialize;

use crate::Path;

/// The decision of a policy on an object.
#[derive(Debug, Serialize)]
pub struct Decision {
    allowed: bool,
    violations: Vec<Violation>,
}

impl From<Violations> for Decision {
    fn from(violations: Violations) -> Self {
        let Violations { mut listed, more, .. } = violations;
        if more > 0 {
            let message = format!("and {more} more");
            listed.push(Violation { check: "more", field: None, message });
        }
        Self { allowed: listed.is_empty(), violations: listed }
    }
}

/// Violations that are listed at the least; then those that are a check's first.
const MAX_LISTED: usize = 1000;

/// Bytes of a field's path, and of a message: both may quote the object.
const MAX_TEXT: usize = 1 << 10;

/// The violations that were found in an object.
///
/// A thousand violations are listed, and at least one of every check. Those that are more are
/// counted: an object may have millions of them, and nobody reads so many.
#[derive(Debug, Default)]
pub struct Violations {
    listed: Vec<Violation>,
    /// The checks that they are of.
    checks: Vec<&'static str>,
    more: usize,
}

impl Violations {
    /// Adds a violation of this check, in a field of the pod at this path.
    pub fn add(
        &mut self,
        check: &'static str,
        pod: &Path<'_>,
        field: impl fmt::Display,
        message: impl fmt::Display,
    ) {
        let is_first = !self.checks.contains(&check);
        if !is_first && self.listed.len() >= MAX_LISTED {
            self.more += 1;
            return;
        }
        if is_first {
            self.checks.push(check);
        }
        let field = Some(bounded(format_args!("{pod}{field}"), MAX_TEXT));
        self.listed.push(Violation { check, field, message: bounded(message, MAX_TEXT) });
    }
}

/// One thing that an object may not have.
#[derive(Debug, Serialize)]
struct Violation {
    check: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_violations_are_bounded_with_one_of_every_check() {
        let mut violations = Violations::default();
        for index in 0..MAX_LISTED + 7 {
            violations.add("ports", &Path::Top, format_args!("spec.ports[{index}]"), "bad");
        }
        violations.add("names", &Path::Top, "spec.name", "é".repeat(MAX_TEXT));
        violations.add("names", &Path::Top, "spec.name", "bad");
        let decision = serde_json::to_value(Decision::from(violations)).unwrap();
        assert_eq!(decision["allowed"], false);
        let listed = decision["violations"].as_array().unwrap();
        assert_eq!(listed.len(), MAX_LISTED + 2);
        assert_eq!(listed[999]["field"], "spec.ports[999]");
        assert_eq!(listed[1000]["check"], "names");
        assert_eq!(listed[1000]["message"], "é".repeat(MAX_TEXT / 2) + "…");
        assert_eq!(listed[1001], serde_json::json!({"check": "more", "message": "and 8 more"}));
    }
}
