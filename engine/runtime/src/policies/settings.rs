use std::path::Path;

use policy_api::DecodeError;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::documents::located::{ConfigError, Node, Origin};
use crate::documents::{Source, SourceError, single_document, without_place};

/// The most that is read of a settings file.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// The settings of a policy: an object, as JSON text.
#[derive(Debug, Clone)]
pub struct Settings {
    json: Vec<u8>,
    places: Places,
}

/// The places of the parts of settings.
#[derive(Debug, Clone)]
enum Places {
    Unknown,
    /// In the file: nothing was set over it.
    File(Source),
    /// In the configuration, of which the settings are this part.
    Configuration {
        path: String,
        node: Node,
    },
}

impl Default for Settings {
    /// Nothing set.
    fn default() -> Self {
        Self { json: b"{}".to_vec(), places: Places::Unknown }
    }
}

impl Settings {
    /// The settings as JSON text, for the policy to decode.
    #[must_use]
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }

    /// Loads a settings file, when there is one, and makes assignments over it, in their order.
    ///
    /// # Errors
    /// A file that cannot be read or holds no object; an assignment that cannot be made.
    pub fn load(file: Option<&Path>, assignments: &[Assignment]) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some(path) = file {
            let source = Source::read(path, Some(MAX_FILE_BYTES))?;
            let problem = |problem| SettingsError::File(source.name().to_owned(), problem);
            if let Some(document) = single_document(&source).map_err(problem)? {
                let json = document.json.into_owned();
                settings = Self { json, places: Places::File(source) };
            }
        }
        if !assignments.is_empty() {
            settings = settings.with(assignments)?;
        }
        Ok(settings)
    }

    fn with(self, assignments: &[Assignment]) -> Result<Self, SettingsError> {
        let mut value: Value = policy_api::decode(&self.json)
            .map_err(|error| SettingsError::Decode(self.explain(&error)))?;
        for assignment in assignments {
            assignment.apply(&mut value)?;
        }
        Ok(Self { json: value.to_string().into_bytes(), places: Places::Unknown })
    }

    /// The settings in a part of the configuration.
    pub(crate) fn from_config(path: String, node: Node) -> Self {
        Self { json: node.to_json().into_bytes(), places: Places::Configuration { path, node } }
    }

    /// The place of the settings in the configuration.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        match &self.places {
            Places::Configuration { node, .. } => Some(&node.at),
            Places::Unknown | Places::File(_) => None,
        }
    }

    /// A policy's error in these settings, with its place in the file, where there is
    /// one that the user can look into.
    pub(crate) fn explain(&self, error: &DecodeError) -> String {
        let message = without_place(error);
        match &self.places {
            Places::Unknown => message,
            Places::File(file) => match single_document(file) {
                Ok(Some(document)) => format!("`{}` {}", file.name(), document.explain(error)),
                Ok(None) | Err(_) => message,
            },
            Places::Configuration { path, node } => match &error.path {
                Some(field) => {
                    ConfigError::at(&node.find(field).unwrap_or(node).at, message).to_string()
                }
                None => ConfigError::at(&node.at, format_args!("`{path}`: {message}")).to_string(),
            },
        }
    }

    /// Parses JSON text.
    ///
    /// # Errors
    /// Text that is not JSON.
    pub fn from_json(text: &str) -> Result<Self, DecodeError> {
        policy_api::decode::<&RawValue>(text.as_bytes())?;
        Ok(Self { json: text.as_bytes().to_vec(), places: Places::Unknown })
    }
}

/// `a.b=VALUE`: one field, named by its path, and what it is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    path: Vec<String>,
    value: Value,
}

impl std::str::FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` has no `=`: write `KEY=VALUE`, such as `version=v1.30`")
        })?;
        let path: Vec<_> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err(format!(
                "the key of `{text}` has an empty part: write `KEY=VALUE` or `OUTER.INNER=VALUE`"
            ));
        }
        if path.len() > policy_api::MAX_NESTING {
            return Err(format!(
                "a key has {} parts: expected {} at most",
                path.len(),
                policy_api::MAX_NESTING
            ));
        }
        // What is not JSON is text, so that nobody has to quote twice.
        let value = policy_api::decode(value.as_bytes()).unwrap_or_else(|_| Value::from(value));
        Ok(Self { path, value })
    }
}

impl Assignment {
    /// The keys that lead to the field.
    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    fn apply(&self, settings: &mut Value) -> Result<(), SettingsError> {
        let mut place = settings;
        for (depth, key) in self.path.iter().enumerate() {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(fields) = place else {
                return Err(SettingsError::NotAnObject {
                    path: self.path.join("."),
                    outer: self.path.get(..depth).unwrap_or_default().join("."),
                });
            };
            place = fields.entry(key.as_str()).or_insert(Value::Null);
        }
        *place = self.value.clone();
        Ok(())
    }
}

/// The reason why there are no settings to give to a policy.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings: {0}")]
    Read(#[from] SourceError),
    /// The file does not hold one document.
    #[error("settings: `{0}` {1}")]
    File(String, String),
    /// The document is nothing that a field could be set in.
    #[error("settings: {0}")]
    Decode(String),
    /// An assignment into something that has no fields.
    #[error(
        "`--set {path}`: {} is not an object, so it has no field to set",
        if outer.is_empty() { "the settings file".to_owned() } else { format!("`{outer}`") }
    )]
    NotAnObject {
        /// The path of the field to set.
        path: String,
        /// The path of the value in the way; empty for the settings as a whole.
        outer: String,
    },
}

impl SettingsError {
    /// The remedy, where there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.help(),
            Self::File(..) | Self::Decode(_) | Self::NotAnObject { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(assignments: &[&str]) -> Result<String, String> {
        let assignments: Vec<Assignment> =
            assignments.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        let settings = Settings::load(None, &assignments).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(settings.as_json().to_vec()).unwrap())
    }

    #[test]
    fn values_are_json_or_else_strings() {
        assert_eq!(
            set(&["a.b=1", "a.c=v1.30", "d=[\"x\"]", "e=", "f=a=b"]).unwrap(),
            r#"{"a":{"b":1,"c":"v1.30"},"d":["x"],"e":"","f":"a=b"}"#
        );
        assert_eq!(set(&["a=1", "a=2"]).unwrap(), r#"{"a":2}"#);
        assert_eq!(set(&[]).unwrap(), "{}");
    }

    #[test]
    fn invalid_assignment_is_quoted_with_a_remedy() {
        assert_eq!(
            set(&["version"]).unwrap_err(),
            "`version` has no `=`: write `KEY=VALUE`, such as `version=v1.30`"
        );
        assert_eq!(
            set(&["a..b=1"]).unwrap_err(),
            "the key of `a..b=1` has an empty part: write `KEY=VALUE` or `OUTER.INNER=VALUE`"
        );
        assert_eq!(
            set(&["a=1", "a.b=2"]).unwrap_err(),
            "`--set a.b`: `a` is not an object, so it has no field to set"
        );
    }
}
