//! A JSON Schema as the rows of a table.

use policy_console::SchemaField;
use serde_json::Value;

/// The most rows: Kubernetes' own schemas have thousands.
const MAX_FIELDS: usize = 300;

/// The deepest field: schemas may contain themselves.
const MAX_DEPTH: usize = 8;

/// The fields of a schema, also within others, in its order.
pub(super) fn fields(schema: &Value) -> Vec<SchemaField> {
    let mut fields = Vec::new();
    collect(schema, schema, "", 0, &mut fields);
    fields
}

fn collect(root: &Value, schema: &Value, path: &str, depth: usize, fields: &mut Vec<SchemaField>) {
    let schema = resolved(root, schema);
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(items) = schema.get("items") {
        collect(root, items, &format!("{path}[]"), depth + 1, fields);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array);
    for (name, property) in properties {
        if fields.len() >= MAX_FIELDS {
            return;
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let target = resolved(root, property);
        let described = [property, target];
        let text = |key: &str| described.iter().find_map(|schema| schema.get(key)?.as_str());
        fields.push(SchemaField {
            kind: kind(root, property),
            required: required.is_some_and(|required| required.iter().any(|one| one == name)),
            default: described
                .iter()
                .find_map(|schema| schema.get("default"))
                .map(Value::to_string),
            description: text("description").unwrap_or_default().to_owned(),
            path: path.clone(),
        });
        collect(root, property, &path, depth + 1, fields);
    }
}

/// The schema that a reference leads to, through what may also be `null`.
pub(super) fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_DEPTH {
        let next = match (reference(root, schema), alternatives(schema)) {
            (Some(target), _) => Some(target),
            (None, Some(all)) => {
                let mut others = all.iter().filter(|one| one.get("type") != Some(&"null".into()));
                others.next().filter(|_| others.next().is_none())
            }
            (None, None) => None,
        };
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn reference<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key)?.as_array())
}

/// The values that a schema takes, in a few words.
fn kind(root: &Value, schema: &Value) -> String {
    let is_nullable =
        alternatives(schema).is_some_and(|all| all.iter().any(|one| one["type"] == "null"));
    let target = resolved(root, schema);
    let named = match (target.get("enum"), target.get("const"), target.get("type")) {
        (Some(Value::Array(values)), _, _) => one_of(values),
        (_, Some(value), _) => value.to_string(),
        (_, _, Some(Value::String(kind))) if kind == "array" => {
            let items = target.get("items").map(|items| kind_of_items(root, items));
            format!("array of {}", items.unwrap_or_else(|| "any".to_owned()))
        }
        (_, _, Some(Value::String(kind))) => kind.clone(),
        (_, _, Some(Value::Array(kinds))) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => match alternatives(target) {
            Some(all) => all.iter().map(|one| kind(root, one)).collect::<Vec<_>>().join(" or "),
            None => "any".to_owned(),
        },
    };
    if is_nullable { format!("{named} or null") } else { named }
}

fn kind_of_items(root: &Value, items: &Value) -> String {
    let target = resolved(root, items);
    match target.get("type").and_then(Value::as_str) {
        Some(kind) => kind.to_owned(),
        None => match target.get("enum").and_then(Value::as_array) {
            Some(values) => one_of(values),
            None => "any".to_owned(),
        },
    }
}

fn one_of(values: &[Value]) -> String {
    let values: Vec<_> = values.iter().map(Value::to_string).collect();
    format!("one of {}", values.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_listed_with_those_within_them() {
        let schema = json!({
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "Its name."},
                "mode": {"$ref": "#/$defs/Mode", "default": "a"},
                "of": {"anyOf": [{"$ref": "#/$defs/Part"}, {"type": "null"}]},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
                "any": {},
                "sizes": {"type": ["integer", "string"]},
            },
            "$defs": {
                "Mode": {"enum": ["a", "b"], "description": "The mode."},
                "Part": {"type": "object", "properties": {"id": {"type": "integer"}}},
            },
        });
        let rows: Vec<_> = fields(&schema)
            .into_iter()
            .map(|field| {
                let SchemaField { path, kind, required, default, description } = field;
                format!("{path}|{kind}|{required}|{}|{description}", default.unwrap_or_default())
            })
            .collect();
        assert_eq!(
            rows,
            [
                "any|any|false||",
                "mode|one of \"a\", \"b\"|false|\"a\"|The mode.",
                "name|string|true||Its name.",
                "of|object or null|false||",
                "of.id|integer|false||",
                "parts|array of object|false||",
                "parts[].id|integer|false||",
                "sizes|integer or string|false||",
            ]
        );
    }

    #[test]
    fn schema_that_contains_itself_ends() {
        let schema = json!({
            "properties": {"next": {"$ref": "#"}, "same": {"$ref": "#/properties/same"}},
        });
        assert!(fields(&schema).len() <= MAX_FIELDS);
        assert!(fields(&json!({"$ref": "#"})).is_empty());
        for schema in [json!(null), json!([1]), json!({"properties": [1]}), json!({"items": 1})] {
            assert!(fields(&schema).is_empty());
        }
    }
}
