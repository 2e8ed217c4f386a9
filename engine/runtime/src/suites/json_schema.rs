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
    let input = json!([
        {"required": ["input"]},
        {"required": ["file"]},
        {"anyOf": [{"required": ["object"]}, {"required": ["oldObject"]}]},
    ]);
    let required = json!(["name", "expect"]);
    let case = table(&keys::CASE, [("required", required), ("oneOf", input)])?;
    let expect = table(&keys::EXPECT, [("minProperties", json!(1))])?;
    let verdict: Value = serde_json::from_str(keys::VERDICT)?;
    let definitions = json!({
        "case": case,
        "expect": {"oneOf": [verdict, expect]},
        "checks": table(&keys::CHECKS, [])?,
        "ids": serde_json::from_str::<Value>(keys::IDS)?,
    });
    table(
        &keys::SUITE,
        [
            ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
            ("$id", json!(ID)),
            ("title", json!("Suite of cases of policy-engine")),
            ("required", json!(["cases"])),
            ("$defs", definitions),
        ],
    )
}

/// A table of these keys, and of no others, with what else its schema says.
fn table<const N: usize>(
    keys: &[Key],
    further: [(&'static str, Value); N],
) -> serde_json::Result<Value> {
    let mut properties = Map::new();
    for Key { name, sentence, schema } in keys {
        let mut schema: Map<String, Value> = serde_json::from_str(schema)?;
        schema.insert("description".to_owned(), (*sentence).into());
        properties.insert((*name).to_owned(), schema.into());
    }
    let mut table = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("additionalProperties".to_owned(), json!(false)),
        ("properties".to_owned(), properties.into()),
    ]);
    table.extend(further.map(|(key, value)| (key.to_owned(), value)));
    Ok(table.into())
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
