//! Reading one table of settings after the other, with every mistake kept and none in the way.

use policy_text::most_similar;

use super::report::{Read, Report};
use super::schema::{self, DefaultedSetting, Setting};
use crate::documents::located::{ConfigError, Node, Origin, TableEntry, Value};

/// A list, and where it is set as a whole.
pub(super) struct List<T> {
    pub(super) elements: Vec<Element<T>>,
    pub(super) origin: Origin,
}

/// One element of a list, with what is needed to complain about it later.
pub(super) struct Element<T> {
    pub(super) value: T,
    pub(super) path: String,
    pub(super) node: Node,
}

/// A table of settings, each of which is taken out once.
pub(super) struct Section {
    /// The path of the table itself; empty for the root.
    path: String,
    pub(super) origin: Origin,
    entries: Vec<TableEntry>,
    /// The keys that were asked for.
    known: Vec<&'static str>,
}

impl Section {
    /// A table; nothing is one with nothing set.
    pub(super) fn new(path: String, node: Node, report: &mut Report) -> Read<Self> {
        let entries = match node.value {
            Value::Table(entries) => entries,
            Value::Null => Vec::new(),
            _ => return Err(report.error(ConfigError::wrong(&path, &node, "a table of settings"))),
        };
        Ok(Self { path, origin: node.at, entries, known: Vec::new() })
    }

    /// The path of a setting in it.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The place of a key that was not taken yet.
    pub(super) fn origin_of(&self, key: &str) -> Option<Origin> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(entry.value.at.clone())
    }

    /// Takes the entry of a key.
    pub(super) fn entry(&mut self, key: &'static str) -> Option<TableEntry> {
        self.known.push(key);
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }

    /// Takes the value of a key; null is none.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.entry(key).map(|entry| entry.value).filter(|node| !node.is_null())
    }

    /// A table that is there, with nothing set, also where it is left out.
    pub(super) fn section(&mut self, key: &'static str, report: &mut Report) -> Read<Self> {
        let node = self.take(key).unwrap_or_else(|| Node::empty_table(Origin::Default));
        Self::new(self.path_of(key), node, report)
    }

    /// A table that may be left out.
    pub(super) fn optional_section(
        &mut self,
        key: &'static str,
        report: &mut Report,
    ) -> Read<Option<Self>> {
        let path = self.path_of(key);
        let node = self.take(key);
        if node.is_none() {
            report.show_nothing(path.clone());
        }
        node.map(|node| Self::new(path, node, report)).transpose()
    }

    /// Reads a setting with a default.
    pub(super) fn value<T>(
        &mut self,
        setting: &DefaultedSetting<T>,
        report: &mut Report,
    ) -> Read<T> {
        self.value_or(setting, || Node::default_text(setting.default), report)
    }

    /// Reads a setting with a default that has a place of its own.
    pub(super) fn value_or<T>(
        &mut self,
        setting: &DefaultedSetting<T>,
        default: impl FnOnce() -> Node,
        report: &mut Report,
    ) -> Read<T> {
        let key = schema::key(setting.setting.path);
        let path = self.path_of(key);
        let node = self.take(key).unwrap_or_else(default);
        let value = report.scalar(&path, &node, &setting.setting.parser)?;
        report.show(path, &node);
        Ok(value)
    }

    /// Reads a setting that must be there.
    pub(super) fn required<T>(&mut self, setting: &Setting<T>, report: &mut Report) -> Read<T> {
        let value = self.optional_quietly(setting, report)?;
        value.ok_or_else(|| {
            let path = self.path_of(schema::key(setting.path));
            report.error(ConfigError::at(
                &self.origin,
                format_args!("`{}` needs `{path}`, which is not set", self.path),
            ))
        })
    }

    /// Reads a setting that must be there, with its place.
    pub(super) fn required_element<T>(
        &mut self,
        setting: &Setting<T>,
        report: &mut Report,
    ) -> Read<Element<T>> {
        let key = schema::key(setting.path);
        let entry = self.entries.iter().find(|entry| entry.key == key);
        let node =
            entry.map_or_else(|| Node::empty_table(Origin::Default), |entry| entry.value.clone());
        let value = self.required(setting, report)?;
        Ok(Element { value, path: self.path_of(key), node })
    }

    /// Reads a setting that may be left out.
    pub(super) fn optional<T>(
        &mut self,
        setting: &Setting<T>,
        report: &mut Report,
    ) -> Read<Option<T>> {
        let value = self.optional_quietly(setting, report)?;
        if value.is_none() {
            report.show_nothing(self.path_of(schema::key(setting.path)));
        }
        Ok(value)
    }

    fn optional_quietly<T>(
        &mut self,
        setting: &Setting<T>,
        report: &mut Report,
    ) -> Read<Option<T>> {
        let key = schema::key(setting.path);
        let Some(node) = self.take(key) else { return Ok(None) };
        let path = self.path_of(key);
        let value = report.scalar(&path, &node, &setting.parser)?;
        report.show(path, &node);
        Ok(Some(value))
    }

    /// Reads a list, or one text: with commas where it is not from the file.
    pub(super) fn list<T>(
        &mut self,
        setting: &DefaultedSetting<T>,
        report: &mut Report,
    ) -> Read<List<T>> {
        let key = schema::key(setting.setting.path);
        let path = self.path_of(key);
        let list = self.take(key).map_or_else(|| default_list(setting.default), split);
        let Value::List(nodes) = &list.value else {
            return Err(report.error(ConfigError::wrong(&path, &list, "a list")));
        };
        let alone = nodes.len() == 1;
        let mut elements = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let path = if alone { path.clone() } else { format!("{path}[{index}]") };
            let value = report.scalar(&path, node, &setting.setting.parser);
            elements.push(value.map(|value| Element { value, path, node: node.clone() }));
        }
        let elements = elements.into_iter().collect::<Read<_>>()?;
        report.show(path, &list);
        Ok(List { elements, origin: list.at })
    }

    /// A table whose keys are the user's, or a text such as `a=1,b=2` where it is not from the
    /// file.
    pub(super) fn map(&mut self, key: &'static str, report: &mut Report) -> Read<Vec<TableEntry>> {
        let path = self.path_of(key);
        let node = self.take(key).unwrap_or_else(|| Node::empty_table(Origin::Default));
        if !node.at.is_file()
            && let Value::Text(text) = &node.value
        {
            let pairs = text.split(',').map(|pair| {
                let (key, value) = pair.split_once('=')?;
                Some(TableEntry {
                    key: key.trim().to_owned(),
                    at: node.at.clone(),
                    value: Node::text(value.trim(), node.at.clone()),
                })
            });
            return pairs.collect::<Option<_>>().ok_or_else(|| {
                report.error(ConfigError::wrong(
                    &path,
                    &node,
                    "`KEY=VALUE`, any number with commas",
                ))
            });
        }
        match node.value {
            Value::Table(entries) => Ok(entries),
            _ => Err(report.error(ConfigError::wrong(&path, &node, "a table"))),
        }
    }

    /// Ends the section: what is still in it is nothing that there is.
    pub(super) fn finish(self, report: &mut Report) {
        for entry in &self.entries {
            let similar = most_similar(&entry.key, &self.known);
            let advice = similar.map_or_else(
                || {
                    let known: Vec<_> = self.known.iter().map(|key| format!("`{key}`")).collect();
                    format!("there is {}", known.join(", "))
                },
                |known| format!("did you mean `{}`?", self.path_of(known)),
            );
            let path = self.path_of(&entry.key);
            report.error(ConfigError::at(
                &entry.at,
                format_args!("there is no setting `{path}`: {advice}"),
            ));
        }
    }
}

fn default_list(text: &str) -> Node {
    let elements = text.split(',').filter(|element| !element.is_empty());
    let elements = elements.map(Node::default_text).collect();
    Node { value: Value::List(elements), at: Origin::Default }
}

/// One text as a list.
fn split(node: Node) -> Node {
    let Some(text) = node.as_text() else { return node };
    let elements = if node.at.is_file() {
        vec![node.clone()]
    } else {
        text.split(',').map(|part| Node::text(part.trim(), node.at.clone())).collect()
    };
    Node { value: Value::List(elements), at: node.at }
}
