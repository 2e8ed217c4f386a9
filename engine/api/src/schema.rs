#[cfg(feature = "schemars")]
use serde_json::Value;

/// The JSON Schema of a type, for [`crate::Policy::input_schema`] and `settings_schema`.
#[cfg(feature = "schemars")]
#[must_use]
pub fn schema_of<T: schemars::JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}
