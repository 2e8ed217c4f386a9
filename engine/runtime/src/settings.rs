use std::path::Path;

use serde_json::{Map, Value};

use crate::documents::{Source, SourceError, single_document};

/// What an operator set for a policy: an object, as JSON text.
#[derive(Debug, Clone)]
pub struct Settings(Vec<u8>);

impl Default for Settings {
    /// Nothing set.
    fn default() -> Self {
        Self(b"{}".to_vec())
    }
}

impl Settings {
    /// The settings as JSON text, for the policy to decode.
    #[must_use]
    pub fn as_json(&self) -> &[u8] {
        &self.0
    }

    /// From a settings file, when there is one, and assignments over it, in their order.
    ///
    /// # Errors
    /// A file that cannot be read or holds no object; an assignment that cannot be made.
    pub fn load(file: Option<&Path>, assignments: &[Assignment]) -> Result<Self, SettingsError> {
        let json = match file {
            None => b"{}".to_vec(),
            Some(path) => {
                let in_file =
                    |problem: String| SettingsError::File(path.display().to_string(), problem);
                let source = Source::read(path, None).map_err(SettingsError::Read)?;
                let json = single_document(&source).map_err(in_file)?;
                if json == b"null" { b"{}".to_vec() } else { json }
            }
        };
        if assignments.is_empty() {
            return Ok(Self(json));
        }
        let mut settings: Value = policy_api::decode(&json).map_err(|error| {
            SettingsError::File(
                file.unwrap_or(Path::new("")).display().to_string(),
                error.to_string(),
            )
        })?;
        for assignment in assignments {
            assignment.apply(&mut settings)?;
        }
        Ok(Self(settings.to_string().into_bytes()))
    }

    /// From JSON text.
    ///
    /// # Errors
    /// Text that is not JSON.
    pub fn from_json(text: &str) -> Result<Self, policy_api::DecodeError> {
        policy_api::decode::<&serde_json::value::RawValue>(text.as_bytes())?;
        Ok(Self(text.as_bytes().to_vec()))
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
        // What is not JSON is text, so that nobody has to quote twice.
        let value = policy_api::decode(value.as_bytes()).unwrap_or_else(|_| Value::from(value));
        Ok(Self { path, value })
    }
}

impl Assignment {
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

/// Why there are no settings to give to a policy.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings: {0}")]
    Read(SourceError),
    /// The file does not hold one object.
    #[error("settings file `{0}`: {1}")]
    File(String, String),
    /// An assignment into something that has no fields.
    #[error(
        "`--set {path}`: {} is not an object, so it has no field to set",
        if outer.is_empty() { "the settings file".to_owned() } else { format!("`{outer}`") }
    )]
    NotAnObject {
        /// What was to be set.
        path: String,
        /// What stands in the way; empty for the settings as a whole.
        outer: String,
    },
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
    fn values_are_json_or_else_text() {
        assert_eq!(
            set(&["a.b=1", "a.c=v1.30", "d=[\"x\"]", "e=", "f=a=b"]).unwrap(),
            r#"{"a":{"b":1,"c":"v1.30"},"d":["x"],"e":"","f":"a=b"}"#
        );
        assert_eq!(set(&["a=1", "a=2"]).unwrap(), r#"{"a":2}"#);
        assert_eq!(set(&[]).unwrap(), "{}");
    }

    #[test]
    fn mistakes_are_told_in_the_users_words() {
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
