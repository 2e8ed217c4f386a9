//! The redaction of the log: values are erased or masked, by JSON pointers.

mod part;
mod pointer;
mod rule;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) use pointer::PointerError;

pub(super) use part::Part;
pub(super) use rule::Changes;
use rule::{Action, Rule};
use walk::Walk;

/// The rules for inputs and results.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Redaction {
    input: Vec<Rule>,
    result: Vec<Rule>,
}

impl Redaction {
    /// # Errors
    /// A pointer that leads nowhere in a decision.
    pub(super) fn new(
        erase: &[String],
        mask: &BTreeMap<String, Value>,
    ) -> Result<Self, PointerError> {
        let mut redaction = Self { input: Vec::new(), result: Vec::new() };
        // Where both are asked for, the first counts: what is erased needs no mask.
        let erase = erase.iter().map(|pointer| (pointer, Action::Erase));
        let mask = mask.iter().map(|(pointer, value)| (pointer, Action::Mask(value.to_string())));
        for (pointer, action) in erase.chain(mask) {
            let (part, path) = pointer::parse(pointer)?;
            redaction.rules_mut(part).push(Rule { pointer: pointer.clone(), path, action });
        }
        Ok(redaction)
    }

    /// Appends, on one line, what may be seen of a value. `false`: nothing is appended, as nothing
    /// of it may be seen.
    pub(super) fn write(
        &self,
        part: Part,
        value: &RawValue,
        out: &mut Vec<u8>,
        changes: &mut Changes,
    ) -> bool {
        let rules: Vec<_> = self.rules(part).iter().collect();
        let before = (out.len(), changes.erased.len(), changes.masked.len());
        let pointer = part.pointer().to_owned();
        let mut walk = Walk { out, pointer, in_object: false, changes };
        if let Ok(kept) = walk.value(value, &rules, 0) {
            return kept;
        }
        // What is in it, nobody knows.
        out.truncate(before.0);
        changes.erased.truncate(before.1);
        changes.masked.truncate(before.2);
        changes.erased.push(part.pointer().to_owned());
        false
    }

    /// Leaves a value out whose parts are not where pointers expect them. `false`: nothing of it is
    /// to be hidden.
    pub(super) fn hide(&self, part: Part, changes: &mut Changes) -> bool {
        let hides = !self.rules(part).is_empty();
        if hides {
            changes.erased.push(part.pointer().to_owned());
        }
        hides
    }

    /// Returns whether values are written as they came.
    pub(super) fn is_empty(&self) -> bool {
        self.input.is_empty() && self.result.is_empty()
    }

    fn rules(&self, part: Part) -> &[Rule] {
        match part {
            Part::Input => &self.input,
            Part::Result => &self.result,
        }
    }

    fn rules_mut(&mut self, part: Part) -> &mut Vec<Rule> {
        match part {
            Part::Input => &mut self.input,
            Part::Result => &mut self.result,
        }
    }
}
