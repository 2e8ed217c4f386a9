use std::fmt;

use crate::violation::Violation;
use crate::{Check, Decision, bounded};

/// Violations that are listed at the least; then those that are a check's first.
const MAX_LISTED: usize = 1000;

/// Bytes of a field's path, and of a message: both may quote the input.
const MAX_TEXT: usize = 1 << 10;

/// All that a policy found in an input, which may be of several checks and in many places.
///
/// It becomes a [`Decision`]: "yes" where nothing was found.
///
/// ```
/// use policy_api::{Check, Decision, Violations};
///
/// const OWNER: Check = Check::new("owner", "Everything has an owner");
///
/// let mut violations = Violations::new();
/// violations.add(&OWNER, "metadata.labels", "the label `owner` is missing");
/// let decision = Decision::from(violations);
/// # assert_eq!(serde_json::to_string(&decision).unwrap(),
/// # r#"{"allowed":false,"violations":[{"check":"owner","field":"metadata.labels","message":"the label `owner` is missing"}]}"#);
/// ```
///
/// A thousand violations are listed, and at least one of every check. Those that are more are
/// counted: an input may have millions of them, and nobody reads so many.
#[derive(Debug, Default)]
pub struct Violations {
    listed: Vec<Violation>,
    /// The checks that they are of.
    checks: Vec<&'static str>,
    more: usize,
}

impl Violations {
    /// Creates a list of none.
    #[must_use]
    pub const fn new() -> Self {
        Self { listed: Vec::new(), checks: Vec::new(), more: 0 }
    }

    /// Adds a violation of this check: the path of the field that offends, such as
    /// `spec.containers[0].image`, and the reason for the one who asked.
    pub fn add(&mut self, check: &Check, field: impl fmt::Display, message: impl fmt::Display) {
        let is_first = !self.checks.contains(&check.id);
        if !is_first && self.listed.len() >= MAX_LISTED {
            self.more += 1;
            return;
        }
        if is_first {
            self.checks.push(check.id);
        }
        self.listed.push(Violation {
            check: Some(check.id),
            field: Some(bounded(field, MAX_TEXT)),
            message: bounded(message, MAX_TEXT),
        });
    }

    /// Returns whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

impl From<Violations> for Decision {
    fn from(violations: Violations) -> Self {
        let Violations { mut listed, more, .. } = violations;
        if more > 0 {
            let message = format!("and {more} more");
            listed.push(Violation { check: None, field: None, message });
        }
        Self::judged(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Check = Check::new("ports", "Ports are low");
    const NAMES: Check = Check::new("names", "Names are short");

    #[test]
    fn input_without_violations_is_allowed() {
        let decision = Decision::from(Violations::new());
        assert!(decision.is_allowed());
        let json = serde_json::to_string(&decision).unwrap();
        assert_eq!(json, r#"{"allowed":true,"violations":[]}"#);
    }

    #[test]
    fn listed_violations_are_bounded_with_one_of_every_check() {
        let mut violations = Violations::new();
        for index in 0..MAX_LISTED + 7 {
            violations.add(&PORTS, format_args!("spec.ports[{index}]"), "bad");
        }
        violations.add(&NAMES, "spec.name", "é".repeat(MAX_TEXT));
        violations.add(&NAMES, "spec.name", "bad");
        let decision = serde_json::to_value(Decision::from(violations)).unwrap();
        assert_eq!(decision["allowed"], false);
        let listed = decision["violations"].as_array().unwrap();
        assert_eq!(listed.len(), MAX_LISTED + 2);
        assert_eq!(listed[999]["field"], "spec.ports[999]");
        assert_eq!(listed[1000]["check"], "names");
        assert_eq!(listed[1000]["message"], "é".repeat(MAX_TEXT / 2) + "…");
        assert_eq!(listed[1001], serde_json::json!({"message": "and 8 more"}));
    }
}
