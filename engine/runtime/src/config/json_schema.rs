//! The JSON Schema of the configuration file, for editors: made of the list of settings.
//!
//! It accepts every file that the engine does, but for numbers where a path or an address is due. What
//! the engine alone knows it does not refuse: whether a policy is there, and what its settings are.

use serde_json::{Map, Value, json};

use super::schema::{Description, OF_SHADOW, POLICY, SETTINGS, SHADOW};

/// Where the schema of the newest engine is.
const ID: &str = "https://raw.githubusercontent.com/policy-engine/policy-engine/main/docs/src/schemas/configuration.json";

/// An id, which is a path of the API.
const ID_OF_POLICY: &str = "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$";

/// The schema, in draft 2020-12.
///
/// # Errors
/// The schema of a value is no JSON, which a test would have shown.
pub(crate) fn json_schema() -> serde_json::Result<Value> {
    let mut root = Map::new();
    for setting in SETTINGS {
        let schema = of_setting(&setting)?;
        match setting.path.split_once('.') {
            Some((table, key)) => {
                // The table may be a setting itself, short for one in it.
                let table = root.entry(table).or_insert_with(|| of_table(&Map::new()));
                insert(table, key, schema);
            }
            None => drop(root.insert(setting.path.to_owned(), schema)),
        }
    }
    let mut policy = Map::new();
    for setting in POLICY {
        policy.insert(setting.path.to_owned(), of_setting(&setting)?);
    }
    for setting in OF_SHADOW {
        if let Some(shadow) = policy.get_mut(SHADOW) {
            insert(shadow, setting.path, of_setting(&setting)?);
        }
    }
    let policies = json!({
        "type": "object",
        "description": "The policies that are served, by their ids; every policy in the binary under \
                        its own name where this is left out.\n\nExpected: a table of policies.",
        "minProperties": 1,
        "propertyNames": {"pattern": ID_OF_POLICY},
        "additionalProperties": of_table(&policy),
    });
    root.insert("policies".to_owned(), policies);
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Configuration of policy-engine",
        "type": "object",
        "additionalProperties": false,
        "properties": root,
    }))
}

/// Puts a setting into a table that takes no others.
fn insert(table: &mut Value, key: &str, schema: Value) {
    let Value::Object(table) = table else { return };
    table.insert("additionalProperties".to_owned(), false.into());
    let properties = table.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(key.to_owned(), schema);
    }
}

/// A table of settings, and of no others. Null is as if it were left out.
fn of_table(properties: &Map<String, Value>) -> Value {
    json!({"type": ["object", "null"], "additionalProperties": false, "properties": properties})
}

/// The value of a setting. Null is as if it were left out.
fn of_setting(setting: &Description) -> serde_json::Result<Value> {
    let Description { sentence, format, default, .. } = setting;
    let mut schema: Map<String, Value> = serde_json::from_str(format.json_schema)?;
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push("null".into()),
        Some(only) => *only = json!([only, "null"]),
        None => {}
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    let description = format!("{sentence}\n\nExpected: {}.", format.expected);
    schema.insert("description".to_owned(), description.into());
    if let Some(default) = default.filter(|default| !default.is_empty()) {
        schema.insert("default".to_owned(), default.into());
    }
    Ok(schema.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_of_every_value_is_json() {
        let schema = json_schema().unwrap();
        let log = &schema["properties"]["decision-log"];
        assert_eq!(log["type"], json!(["object", "string", "null"]));
        assert_eq!(log["properties"]["buffer"]["default"], "64MiB");
    }
}
