use std::fmt;

use policy_api::Check;
use serde::Deserialize;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The parts of an output, or of a violation in it, that name checks, whatever else they are.
#[derive(Deserialize)]
struct Denial<'a> {
    #[serde(borrow)]
    check: Option<&'a RawValue>,
    #[serde(borrow)]
    violations: Option<&'a RawValue>,
}

/// The declared checks that a denial names: as its `check`, or in its `violations`. They are in the
/// order of their declaration, and a policy's other words are none of them.
pub(crate) fn denied_by(output: &[u8], declared: &'static [Check]) -> Vec<&'static str> {
    if declared.is_empty() {
        return Vec::new();
    }
    let Ok(denial) = serde_json::from_slice::<Denial<'_>>(output) else { return Vec::new() };
    let mut named = NamedChecks(declared.iter().map(|check| (check.id, false)).collect());
    named.note(denial.check);
    if let Some(violations) = denial.violations {
        // Violations that are no list name none.
        let _ = serde_json::Deserializer::from_str(violations.get()).deserialize_any(&mut named);
    }
    named.0.into_iter().filter_map(|(id, is_named)| is_named.then_some(id)).collect()
}

/// The ids of declared checks, and whether they have been named.
struct NamedChecks(Vec<(&'static str, bool)>);

impl NamedChecks {
    /// Notes a name, as JSON text. Ids have nothing in them that JSON escapes.
    fn note(&mut self, name: Option<&RawValue>) {
        let name = name.and_then(|name| name.get().strip_prefix('"')?.strip_suffix('"'));
        for (id, is_named) in &mut self.0 {
            *is_named |= name == Some(*id);
        }
    }
}

impl<'de> Visitor<'de> for &mut NamedChecks {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of violations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut violations: A) -> Result<(), A::Error> {
        while let Some(violation) = violations.next_element::<&RawValue>()? {
            if let Ok(violation) = serde_json::from_str::<Denial<'_>>(violation.get()) {
                self.note(violation.check);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_checks_are_found_once_each() {
        const DECLARED: &[Check] = &[Check::new("a", "A"), Check::new("b", "B")];
        for (output, expected) in [
            ("false", ""),
            ("7", ""),
            (r#"{"allowed":false}"#, ""),
            (r#"{"allowed":false,"check":"b","reason":"x"}"#, "b"),
            (r#"{"allowed":false,"check":"other"}"#, ""),
            (r#"{"allowed":false,"check":7,"violations":{"a":1}}"#, ""),
            (
                r#"{"violations":[{"check":"b"},"a",7,{"check":"a","field":"x"},{"check":"b"}]}"#,
                "a b",
            ),
        ] {
            let found = denied_by(output.as_bytes(), DECLARED);
            assert_eq!(found.join(" "), expected, "{output}");
        }
        assert!(denied_by(br#"{"check":"a"}"#, &[]).is_empty());
    }
}
