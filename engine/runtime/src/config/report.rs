use serde::Serialize;
use serde_json::value::RawValue;

use super::values::Parser;

use crate::documents::located::{ConfigError, Node, Origin, Value};
use policy_text::redact_url;

/// The errors and the settings that were found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) errors: Vec<ConfigError>,
    pub(super) effective: Vec<EffectiveSetting>,
}

/// A setting's value and its origin, of all that set it the one that counts.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EffectiveSetting {
    /// `limits.in-flight`
    pub(crate) path: String,
    pub(crate) value: ShownValue,
    #[serde(rename = "from")]
    pub(crate) origin: Origin,
}

/// A setting's value for people, without secrets.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum ShownValue {
    /// A single value, as it was written.
    Text(String),
    /// A value with parts.
    Json(Box<RawValue>),
    /// Not set, and with no default.
    Nothing,
}

/// Proof that an error is in the report: it stands for a value that could not be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ErrorReported;

/// The result of reading a value.
pub(super) type Read<T> = Result<T, ErrorReported>;

impl Report {
    /// Adds an error.
    pub(super) fn error(&mut self, error: ConfigError) -> ErrorReported {
        self.errors.push(error);
        ErrorReported
    }

    /// Adds a setting's effective value.
    pub(super) fn show(&mut self, path: String, node: &Node) {
        let value = match node.as_text() {
            Some(text) => ShownValue::Text(redact_url(text).into_owned()),
            None if node.is_null() => ShownValue::Nothing,
            None => RawValue::from_string(node.to_json())
                .map_or_else(|error| ShownValue::Text(error.to_string()), ShownValue::Json),
        };
        self.effective.push(EffectiveSetting { path, value, origin: node.at.clone() });
    }

    /// Adds a setting that has no value.
    pub(super) fn show_nothing(&mut self, path: String) {
        self.show(path, &Node { value: Value::Null, at: Origin::Default });
    }

    /// Parses a single value.
    pub(super) fn scalar<T>(&mut self, path: &str, node: &Node, parser: &Parser<T>) -> Read<T> {
        node.as_text()
            .and_then(|text| parser.parse(text))
            .ok_or_else(|| self.error(ConfigError::wrong(path, node, parser.format.expected)))
    }
}
