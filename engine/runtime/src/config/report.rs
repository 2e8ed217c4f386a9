use serde::Serialize;
use serde_json::value::RawValue;

use crate::documents::located::{ConfigError, Node, Origin, Value};
use policy_text::redact_url;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) mistakes: Vec<ConfigError>,
    pub(super) effective: Vec<Setting>,
}

/// One setting as it came out, and where from.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    /// `limits.in-flight`
    pub(crate) path: String,
    pub(crate) value: Shown,
    #[serde(rename = "from")]
    pub(crate) origin: Origin,
}

/// A setting's value, to be shown.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    /// A single value, as it was written.
    Text(String),
    /// Something with parts.
    Json(Box<RawValue>),
    /// Not set, and with no default.
    Nothing,
}

/// In the place of what could not be read: the mistake is in the report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told;

/// What was read.
pub(super) type Read<T> = Result<T, Told>;

/// What a text means, or else what was expected of it.
pub(super) type Parsed<T> = Result<T, String>;

impl Report {
    /// Keeps a mistake.
    pub(super) fn told(&mut self, mistake: ConfigError) -> Told {
        self.mistakes.push(mistake);
        Told
    }

    /// Keeps what counts, with its place.
    pub(super) fn show(&mut self, path: String, node: &Node) {
        let value = match node.as_text() {
            Some(text) => Shown::Text(redact_url(text).into_owned()),
            None if node.is_null() => Shown::Nothing,
            None => RawValue::from_string(node.to_json())
                .map_or_else(|error| Shown::Text(error.to_string()), Shown::Json),
        };
        self.effective.push(Setting { path, value, origin: node.at.clone() });
    }

    /// Shows that there is nothing.
    pub(super) fn show_nothing(&mut self, path: String) {
        self.show(path, &Node { value: Value::Null, at: Origin::Default });
    }

    /// A single value.
    pub(super) fn scalar<T>(
        &mut self,
        path: &str,
        node: &Node,
        parse: impl FnOnce(&str) -> Parsed<T>,
    ) -> Read<T> {
        let parsed = match node.as_text() {
            Some(text) => parse(text),
            // What it is for is what its parser says of a text that is none.
            None => parse("").and(Err("text".to_owned())),
        };
        parsed.map_err(|expected| self.told(ConfigError::wrong(path, node, expected)))
    }
}
