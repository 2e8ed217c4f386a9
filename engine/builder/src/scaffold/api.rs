use std::str::FromStr;

use semver::{Version, VersionReq};
use toml_edit::{InlineTable, Value};

use crate::steps::engine::Engine;

/// The source of `policy-api`, as a manifest has it.
#[derive(Debug, Clone)]
pub(crate) struct Api(Value);

impl Api {
    /// The version of the engine's own, as far as it decides what fits.
    pub(super) fn from_engine(engine: &Engine) -> Self {
        let Version { major, minor, .. } = engine.api_version;
        Self(format!("{major}.{minor}").into())
    }

    /// The dependency that members inherit.
    pub(super) fn inherited() -> Self {
        Self(InlineTable::from_iter([("workspace", Value::from(true))]).into())
    }

    /// The source that another manifest has; `None` where that is no dependency.
    pub(super) fn in_manifest(item: &toml_edit::Item) -> Option<Self> {
        let mut value = item.clone().into_value().ok()?;
        if let Value::InlineTable(table) = &mut value {
            table.fmt();
        }
        value.decor_mut().clear();
        Some(Self(value))
    }

    /// Checks whether it is inherited from the workspace.
    pub(super) fn is_inherited(&self) -> bool {
        self.0.as_inline_table().is_some_and(|table| table.contains_key("workspace"))
    }

    /// The value for a manifest.
    pub(super) fn value(&self) -> String {
        self.0.to_string().trim().to_owned()
    }
}

impl FromStr for Api {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        let text = text.trim();
        if text.parse::<VersionReq>().is_ok() {
            return Ok(Self(text.into()));
        }
        let is_dependency = |value: &Value| {
            let table = value.as_inline_table();
            table.is_some_and(|table| {
                ["git", "path", "version"].iter().any(|key| table.contains_key(key))
            })
        };
        let value = text.parse::<Value>().ok().filter(is_dependency);
        value.map(Self).ok_or_else(|| ApiError(text.to_owned()))
    }
}

/// An unknown source of `policy-api`.
#[derive(Debug, thiserror::Error)]
#[error(
    "not a source of `policy-api`: found `{0}`, expected a version such as `0.1`, or what stands \
     in a `Cargo.toml`, such as `{{ git = \"https://example.com/policy-engine\" }}`"
)]
pub(crate) struct ApiError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_source_is_a_version_or_a_dependency() {
        let value = |text: &str| text.parse::<Api>().map(|api| api.value());
        assert_eq!(value("0.1").unwrap(), "\"0.1\"");
        assert_eq!(value(" { git = \"x\" } ").unwrap(), "{ git = \"x\" }");
        for wrong in ["", "new", "{ features = [] }", "{ git = "] {
            assert_eq!(
                value(wrong).unwrap_err().to_string(),
                format!(
                    "not a source of `policy-api`: found `{}`, expected a version such as `0.1`, \
                     or what stands in a `Cargo.toml`, such as `{{ git = \
                     \"https://example.com/policy-engine\" }}`",
                    wrong.trim()
                )
            );
        }
    }
}
