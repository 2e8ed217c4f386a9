use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::pointer::Segment;
use super::{Action, Changes, Rule};

/// Copies a value, and changes it on the way. Only what some rule may lead into is looked into; the
/// rest is copied as it came, with the client's own numbers and order.
pub(super) struct Walk<'a> {
    pub(super) out: &'a mut Vec<u8>,
    /// The depth of the value that is looked at.
    pub(super) pointer: String,
    /// True if that value stands under a key.
    pub(super) in_object: bool,
    pub(super) changes: &'a mut Changes,
}

impl Walk<'_> {
    /// `rules` are those that lead here, or further from here; their path up to here is of `depth`
    /// segments, which is also what bounds the recursion. `false` when the value is erased.
    pub(super) fn value(
        &mut self,
        value: &RawValue,
        rules: &[&Rule],
        depth: usize,
    ) -> serde_json::Result<bool> {
        if let Some(rule) = rules.iter().find(|rule| rule.path.len() == depth) {
            match (&rule.action, rule.path.last(), self.pointer.rsplit_once('/')) {
                // The key is gone as well, and nothing but the client knows its name.
                (Action::Erase, Some(Segment::Any), Some((object, _))) if self.in_object => {
                    self.changes.note(rule, &format!("{object}/*"));
                }
                _ => self.changes.note(rule, &self.pointer),
            }
            return Ok(match &rule.action {
                Action::Erase => false,
                Action::Mask(mask) => {
                    self.out.extend_from_slice(mask.as_bytes());
                    true
                }
            });
        }
        if !rules.is_empty() && value.get().starts_with(['{', '[']) {
            serde_json::Deserializer::from_str(value.get()).deserialize_any(Level {
                walk: self,
                rules,
                depth,
            })?;
        } else {
            write_on_one_line(value, self.out);
        }
        Ok(true)
    }

    /// An element of an array, or of an object, whose key then stands before it.
    fn element(
        &mut self,
        key: Option<&RawValue>,
        name: &str,
        value: &RawValue,
        rules: &[&Rule],
        depth: usize,
    ) -> serde_json::Result<()> {
        let (before, outer) = (self.out.len(), self.pointer.len());
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
        if let Some(key) = key {
            self.out.extend_from_slice(key.get().as_bytes());
            self.out.push(b':');
        }
        self.pointer.push('/');
        self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        self.in_object = key.is_some();
        if !self.value(value, rules, depth)? {
            self.out.truncate(before);
        }
        self.pointer.truncate(outer);
        Ok(())
    }
}

/// The inside of an array or an object.
struct Level<'a, 'w> {
    walk: &'a mut Walk<'w>,
    rules: &'a [&'a Rule],
    depth: usize,
}

impl<'a> Level<'a, '_> {
    /// The rules that lead into one element.
    fn rules_for(&self, leads_there: impl Fn(&str, Option<usize>) -> bool) -> Vec<&'a Rule> {
        let leads = |rule: &&&Rule| match rule.path.get(self.depth) {
            Some(Segment::Any) => true,
            Some(Segment::Named(key, index)) => leads_there(key, *index),
            None => false,
        };
        self.rules.iter().filter(leads).copied().collect()
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.walk.out.push(b'[');
        let mut at = 0;
        while let Some(value) = elements.next_element::<&RawValue>()? {
            let rules = self.rules_for(|_, index| index == Some(at));
            let name = if rules.is_empty() { String::new() } else { at.to_string() };
            self.walk
                .element(None, &name, value, &rules, self.depth + 1)
                .map_err(A::Error::custom)?;
            at += 1;
        }
        self.walk.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.walk.out.push(b'{');
        while let Some((key, value)) = entries.next_entry::<&RawValue, &RawValue>()? {
            let name = unquoted(key).map_err(A::Error::custom)?;
            let rules = self.rules_for(|key, _| key == name);
            self.walk
                .element(Some(key), &name, value, &rules, self.depth + 1)
                .map_err(A::Error::custom)?;
        }
        self.walk.out.push(b'}');
        Ok(())
    }
}

/// A key's own text: what is written with escapes is the same key.
fn unquoted(key: &RawValue) -> serde_json::Result<Cow<'_, str>> {
    if key.get().contains('\\') {
        return Ok(Cow::Owned(serde_json::from_str(key.get())?));
    }
    Ok(Cow::Borrowed(key.get().trim_matches('"')))
}

/// Line breaks stand only between a value's parts, where nothing needs them: in strings they are
/// escaped.
fn write_on_one_line(value: &RawValue, out: &mut Vec<u8>) {
    for line in value.get().as_bytes().split(|byte| matches!(byte, b'\n' | b'\r')) {
        out.extend_from_slice(line);
    }
}
