use serde_json::{Map, Value, json};

use crate::server::console::schema_fields::resolved;

/// The deepest value of an example, and the most values in it: schemas may contain themselves.
const MAX_DEPTH: usize = 10;
const MAX_VALUES: usize = 300;

/// An input that a schema describes: its own example, or one made of required fields.
pub(super) fn example(schema: &Value) -> Value {
    let mut example = Example { root: schema, left: MAX_VALUES };
    example.value(schema, 0)
}

struct Example<'a> {
    root: &'a Value,
    /// Values that may still be made.
    left: usize,
}

impl Example<'_> {
    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        self.left = self.left.saturating_sub(1);
        let target = resolved(self.root, schema);
        if let Some(given) = given(schema).or_else(|| given(target)) {
            return given.clone();
        }
        if depth >= MAX_DEPTH || self.left == 0 {
            return Value::Null;
        }
        let list =
            |key: &str| target.get(key).and_then(Value::as_array).filter(|all| !all.is_empty());
        if let Some(all) = list("allOf") {
            return self.all_of(target, all, depth);
        }
        if let Some(first) = list("oneOf").or_else(|| list("anyOf")).and_then(|all| all.first())
            && target.get("properties").is_none()
        {
            return self.value(first, depth + 1);
        }
        match type_of(target) {
            "object" => self.object(target, depth),
            "array" => self.array(target, depth),
            "string" => Value::from(text(target)),
            "integer" | "number" => number(target),
            "boolean" => Value::from(false),
            "null" => Value::Null,
            _ => json!({}),
        }
    }

    fn all_of(&mut self, schema: &Value, all: &[Value], depth: usize) -> Value {
        let mut merged = match self.object(schema, depth) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        for part in all {
            match self.value(part, depth + 1) {
                Value::Object(fields) => merged.extend(fields),
                other if merged.is_empty() && !other.is_null() => return other,
                _ => {}
            }
        }
        Value::Object(merged)
    }

    /// The required fields, or all where none is.
    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required = schema.get("required").and_then(Value::as_array);
        let required: Vec<_> = required.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = Map::new();
        for (key, property) in properties {
            let is_named = required.contains(&key.as_str());
            if self.left > 0 && (is_named || required.is_empty()) {
                fields.insert(key.clone(), self.value(property, depth + 1));
            }
        }
        for key in required {
            if !fields.contains_key(key) {
                fields.insert(key.to_owned(), Value::Null);
            }
        }
        Value::Object(fields)
    }

    fn array(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(all) = schema.get("prefixItems").and_then(Value::as_array) {
            return all.iter().map(|item| self.value(item, depth + 1)).collect();
        }
        match schema.get("items").filter(|items| items.is_object()) {
            Some(items) => Value::Array(vec![self.value(items, depth + 1)]),
            None => json!([]),
        }
    }
}

/// The value that a schema gives itself.
fn given(schema: &Value) -> Option<&Value> {
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first());
    first("examples")
        .or_else(|| schema.get("example"))
        .or_else(|| schema.get("const"))
        .or_else(|| schema.get("default").filter(|default| !default.is_null()))
        .or_else(|| first("enum"))
}

fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "",
    }
}

fn text(schema: &Value) -> String {
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-01T00:00:00Z".to_owned(),
        Some("date") => "2026-01-01".to_owned(),
        Some("email") => "ann@example.com".to_owned(),
        Some("uri" | "url") => "https://example.com/".to_owned(),
        Some("ipv4") => "192.0.2.1".to_owned(),
        Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
        _ => {
            let length = schema.get("minLength").and_then(Value::as_u64).unwrap_or_default();
            "x".repeat(usize::try_from(length.min(100)).unwrap_or_default())
        }
    }
}

fn number(schema: &Value) -> Value {
    let least = ["minimum", "exclusiveMinimum"].iter().find_map(|key| schema.get(key)?.as_i64());
    let is_exclusive = schema.get("minimum").is_none();
    Value::from(least.map_or(0, |least| least.saturating_add(i64::from(is_exclusive))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn example_has_what_is_required() {
        let schema = json!({
            "$ref": "#/$defs/Pod",
            "$defs": {
                "Pod": {
                    "type": "object",
                    "required": ["kind", "spec", "unknown"],
                    "properties": {
                        "kind": {"const": "Pod"},
                        "spec": {"$ref": "#/$defs/Spec"},
                        "status": {},
                    },
                },
                "Spec": {"properties": {
                    "containers": {"type": "array", "items": {"$ref": "#/$defs/Container"}},
                    "at": {"type": "string", "format": "date-time"},
                    "count": {"type": ["null", "integer"], "exclusiveMinimum": 3},
                    "of": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
                }},
                "Container": {"required": ["image"], "properties": {
                    "image": {"type": "string", "examples": ["nginx"]},
                    "next": {"$ref": "#/$defs/Container"},
                }},
            },
        });
        assert_eq!(
            example(&schema),
            json!({
                "kind": "Pod",
                "spec": {
                    "containers": [{"image": "nginx"}],
                    "at": "2026-01-01T00:00:00Z",
                    "count": 4,
                    "of": false,
                },
                "unknown": null,
            })
        );
        assert_eq!(example(&json!({"examples": [[1]]})), json!([1]));
        assert_eq!(example(&json!(true)), json!({}));
    }

    #[test]
    fn schema_that_contains_itself_has_an_end() {
        let own = json!({"$ref": "#"});
        let schema = json!({"properties": {"a": &own, "b": &own, "c": &own, "d": {"items": &own}}});
        assert!(example(&schema).to_string().len() < 100_000);
        assert_eq!(example(&own), json!({}));
    }

    proptest! {
        #[test]
        fn any_schema_has_an_example(words in proptest::collection::vec(
            r#"\{|\}|\[|\]|"(type|items|properties|\$ref|#|allOf|oneOf|object|array)"|:|,|1"#, 0..30,
        )) {
            if let Ok(schema) = serde_json::from_str::<Value>(&words.concat()) {
                example(&schema);
            }
        }
    }
}
