use policy_text::most_similar;

use super::keys::Key;
use crate::documents::located::{ConfigError, Node, Origin, TableEntry, Value};

/// A table of a suite, whose values are taken out one by one.
pub(super) struct Fields {
    /// The path of the table, such as `cases[0].expect`.
    path: String,
    pub(super) at: Origin,
    entries: Vec<TableEntry>,
}

impl Fields {
    /// Reads a table, and reports the keys that there are not.
    pub(super) fn new(
        path: &str,
        node: Node,
        keys: &[Key],
        errors: &mut Vec<ConfigError>,
    ) -> Option<Self> {
        let Value::Table(entries) = node.value else {
            errors.push(wrong(path, &node, "a table"));
            return None;
        };
        let names = || keys.iter().map(|key| key.name);
        for entry in &entries {
            if names().any(|name| name == entry.key) {
                continue;
            }
            let advice = most_similar(&entry.key, names()).map_or_else(
                || {
                    let names: Vec<_> = names().map(|name| format!("`{name}`")).collect();
                    format!("there is {}", names.join(", "))
                },
                |name| format!("did you mean `{name}`?"),
            );
            let path = below(path, &entry.key);
            errors.push(ConfigError::at(&entry.at, format_args!("no key `{path}`: {advice}")));
        }
        Some(Self { path: path.to_owned(), at: node.at, entries })
    }

    /// The path of a key.
    pub(super) fn path_of(&self, key: &str) -> String {
        below(&self.path, key)
    }

    /// Takes a value, also `null`.
    pub(super) fn take_any(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(index).value)
    }

    /// Takes a value; `null` is none.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        self.take_any(key).filter(|node| !node.is_null())
    }

    /// Takes a text that is not empty.
    pub(super) fn text(
        &mut self,
        key: &str,
        errors: &mut Vec<ConfigError>,
    ) -> Option<(String, Origin)> {
        let node = self.take(key)?;
        match &node.value {
            Value::Text(text) if !text.is_empty() => Some((text.clone(), node.at)),
            _ => {
                errors.push(wrong(&self.path_of(key), &node, "text"));
                None
            }
        }
    }

    /// Takes a list of values.
    pub(super) fn list(
        &mut self,
        key: &str,
        errors: &mut Vec<ConfigError>,
    ) -> Option<(Vec<Node>, Origin)> {
        let node = self.take(key)?;
        if let Value::List(elements) = node.value {
            return Some((elements, node.at));
        }
        errors.push(wrong(&self.path_of(key), &node, "a list"));
        None
    }
}

/// The path of a key below this one.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The error of a value that is not what it must be.
pub(super) fn wrong(path: &str, found: &Node, expected: &str) -> ConfigError {
    let path = if path.is_empty() { "the suite" } else { path };
    ConfigError::wrong(path, found, expected)
}
