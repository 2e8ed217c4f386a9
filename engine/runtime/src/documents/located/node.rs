//! The configuration as one tree, in which later sources replace what earlier ones said.

use super::origin::Origin;
use crate::documents::tree::Tree;
use policy_text::redact_url;

/// A part of the configuration, or all of it.
pub(crate) type Node = Tree<Origin>;
/// A value in the tree.
pub(crate) type Value = crate::documents::tree::Value<Origin>;
/// A key of a table, and what stands under it.
pub(crate) type TableEntry = crate::documents::tree::TableEntry<Origin>;

impl Tree<Origin> {
    /// Text.
    pub(crate) fn text(text: &str, at: Origin) -> Self {
        Self { value: Value::Text(text.to_owned()), at }
    }

    /// The text of a default.
    pub(crate) fn default_text(text: &str) -> Self {
        Self::text(text, Origin::Default)
    }

    /// A table with nothing in it.
    pub(crate) fn empty_table(at: Origin) -> Self {
        Self { value: Value::Table(Vec::new()), at }
    }

    /// The value of a key.
    pub(crate) fn child(&self, key: &str) -> Option<&Self> {
        let Value::Table(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Returns whether it is as if nothing were set.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The text of a scalar, however it was written.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Literal(text) | Value::Text(text) => Some(text),
            Value::Null | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// A description for errors.
    pub(crate) fn in_words(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Literal(text) | Value::Text(text) => format!("`{}`", redact_url(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// Puts a value where this path leads to, with the tables on the way to it.
    ///
    /// # Errors
    /// The path of what is in the way, as it is no table.
    pub(crate) fn set(&mut self, path: &[String], value: Self) -> Result<(), String> {
        let mut place = self;
        for (depth, key) in path.iter().enumerate() {
            if place.is_null() {
                *place = Self::empty_table(value.at.clone());
            }
            let Value::Table(entries) = &mut place.value else {
                return Err(path.get(..depth).unwrap_or_default().join("."));
            };
            let found = entries.iter().position(|entry| entry.key == *key);
            let index = found.unwrap_or(entries.len());
            if found.is_none() {
                entries.push(TableEntry {
                    key: key.clone(),
                    at: value.at.clone(),
                    value: Self { value: Value::Null, at: value.at.clone() },
                });
            }
            let Some(entry) = entries.get_mut(index) else { return Ok(()) };
            place = &mut entry.value;
        }
        *place = value;
        Ok(())
    }
}
