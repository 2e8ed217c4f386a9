//! The JSON Schema of suites, for editors: made of the lists of keys. What the engine alone knows it
//! does not refuse: which policies there are, with which checks and settings.

use serde_json::{Map, Value, json};

use super::keys::{self, Key};

/// Where the schema of the newest engine is.
pub(super) const ID: &str = "https://raw.githubusercontent.com/policy-engine/policy-engine/main/docs/src/schemas/suite.json";

/// The schema, in draft 2020-12.
///
/// # Errors
/// The schema of a value is no JSON, which a test would have shown.
pub(crate) fn json_schema() -> serde_json::Result<Value> {
    let mut case = table(&keys::CASE)?;
    case["required"] = json!(["name", "expect"]);
    case["oneOf"] = json!([
        {"required": ["input"]},
        {"required": ["file"]},
        {"anyOf": [{"required": ["object"]}, {"required": ["oldObject"]}]},
    ]);
    let mut expect = table(&keys::EXPECT)?;
    expect["minProperties"] = json!(1);
    let verdict: Value = serde_json::from_str(keys::VERDICT)?;
    let mut suite = table(&keys::SUITE)?;
    suite["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    suite["$id"] = json!(ID);
    suite["title"] = json!("Suite of cases of policy-engine");
    suite["required"] = json!(["cases"]);
    suite["$defs"] = json!({
        "case": case,
        "expect": {"oneOf": [verdict, expect]},
        "checks": table(&keys::CHECKS)?,
        "ids": serde_json::from_str::<Value>(keys::IDS)?,
    });
    Ok(suite)
}

/// A table of these keys, and of no others.
fn table(keys: &[Key]) -> serde_json::Result<Value> {
    let mut properties = Map::new();
    for Key { name, sentence, schema } in keys {
        let mut schema: Value = serde_json::from_str(schema)?;
        schema["description"] = (*sentence).into();
        properties.insert((*name).to_owned(), schema);
    }
    Ok(json!({"type": "object", "additionalProperties": false, "properties": properties}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_of_every_key_is_json() {
        let schema = json_schema().unwrap();
        assert_eq!(schema["$defs"]["case"]["properties"]["file"]["type"], "string");
        assert_eq!(schema["properties"]["cases"]["items"]["$ref"], "#/$defs/case");
    }
}
