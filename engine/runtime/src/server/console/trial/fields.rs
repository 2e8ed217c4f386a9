use std::collections::BTreeMap;

use policy_console::{FieldKind, SettingsField};
use serde_json::Value;

use super::form::FIELD;
use crate::policies::{MASK, names_a_secret, says_secret};
use crate::server::console::schema_fields::resolved;

/// The most fields of a form, and the deepest of them: schemas may contain themselves.
const MAX_FIELDS: usize = 100;
const MAX_DEPTH: usize = 4;

/// A setting that a schema describes.
pub(super) struct Field {
    /// The keys that lead to it.
    keys: Vec<String>,
    kind: FieldKind,
    /// Its value is text, and not read as JSON.
    is_text: bool,
    required: bool,
    default: Option<Value>,
    description: String,
}

/// The settings that a schema describes, in its order; those within objects one by one.
pub(super) fn fields(schema: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    collect(schema, schema, &[], &mut fields);
    fields
}

fn collect(root: &Value, schema: &Value, keys: &[String], fields: &mut Vec<Field>) {
    let schema = resolved(root, schema);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array);
    for (key, property) in properties {
        if fields.len() >= MAX_FIELDS {
            return;
        }
        let keys: Vec<String> = keys.iter().chain([key]).cloned().collect();
        let target = resolved(root, property);
        let described = [property, target];
        let is_object = target.get("properties").is_some_and(Value::is_object);
        let is_secret = described.iter().any(|schema| says_secret(schema))
            || names_a_secret(key) && kind_name(target) != Some("boolean");
        if is_object && !is_secret && keys.len() < MAX_DEPTH {
            collect(root, property, &keys, fields);
            continue;
        }
        let kind = if is_secret { FieldKind::Secret } else { kind(target) };
        let text = |key: &str| described.iter().find_map(|schema| schema.get(key)?.as_str());
        let is_typed = target.get("type").is_some() || target.get("properties").is_some();
        fields.push(Field {
            is_text: match kind {
                FieldKind::Text | FieldKind::Choice(_) => true,
                FieldKind::Secret => !is_typed || kind_name(target) == Some("string"),
                FieldKind::Number | FieldKind::Switch | FieldKind::Json => false,
            },
            kind,
            required: required.is_some_and(|required| required.iter().any(|one| one == key)),
            default: described.iter().find_map(|schema| schema.get("default")).cloned(),
            description: text("description").unwrap_or_default().to_owned(),
            keys,
        });
    }
}

fn kind(schema: &Value) -> FieldKind {
    let texts = |values: &[Value], text: fn(&Value) -> Option<&str>| {
        values.iter().map(|value| text(value).map(str::to_owned)).collect::<Option<Vec<_>>>()
    };
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    let named = list("enum").and_then(|values| texts(values, Value::as_str));
    let constant = |value: &Value| value.get("const").and_then(Value::as_str).map(str::to_owned);
    let constants = list("oneOf").and_then(|all| all.iter().map(constant).collect());
    if let Some(choices) = named.or(constants) {
        return FieldKind::Choice(choices);
    }
    match kind_name(schema) {
        Some("boolean") => FieldKind::Switch,
        Some("integer" | "number") => FieldKind::Number,
        Some("string") => FieldKind::Text,
        _ => FieldKind::Json,
    }
}

/// The one type of a schema beside `null`.
fn kind_name(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.next().filter(|_| kinds.next().is_none())
        }
        _ => None,
    }
}

impl Field {
    fn path(&self) -> String {
        self.keys.join(".")
    }

    fn name(&self) -> String {
        format!("{FIELD}{}", self.path())
    }

    /// Sets what was sent for the field, if anything was.
    ///
    /// # Errors
    /// Text that is no JSON where the field takes that, or a value in the way that has no fields.
    pub(super) fn set(
        &self,
        sent: &BTreeMap<String, String>,
        settings: &mut Value,
    ) -> Result<(), String> {
        let Some(text) = sent.get(&self.name()) else { return Ok(()) };
        let path = self.path();
        let value = match serde_json::from_str(text) {
            Ok(value) if !self.is_text => value,
            Err(error) if matches!(self.kind, FieldKind::Json) => {
                return Err(format!("`{path}` is no JSON: {error}"));
            }
            Ok(_) | Err(_) => Value::from(&**text),
        };
        let mut place = settings;
        for key in &self.keys {
            if place.is_null() {
                *place = Value::Object(serde_json::Map::new());
            }
            let Value::Object(fields) = place else {
                return Err(format!("`{path}`: what it is in is not an object"));
            };
            place = fields.entry(key.as_str()).or_insert(Value::Null);
        }
        *place = value;
        Ok(())
    }

    /// The field as it is shown, beside settings without their secrets. What was sent for a secret is
    /// never shown again.
    pub(super) fn into_model(
        self,
        sent: &BTreeMap<String, String>,
        shown_settings: &Value,
    ) -> SettingsField {
        let name = self.name();
        let is_secret = matches!(self.kind, FieldKind::Secret);
        let current = self.keys.iter().try_fold(shown_settings, |value, key| value.get(key));
        let current = current.or(self.default.as_ref().filter(|_| !is_secret));
        SettingsField {
            value: if is_secret {
                String::new()
            } else {
                sent.get(&name).cloned().unwrap_or_default()
            },
            path: self.path(),
            default: match current {
                Some(_) if is_secret => Some(MASK.to_owned()),
                current => current.map(Value::to_string),
            },
            required: self.required,
            description: self.description,
            kind: self.kind,
            name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["mode"],
            "properties": {
                "mode": {"$ref": "#/$defs/Mode", "default": "a"},
                "level": {"oneOf": [{"const": "x"}, {"const": "y"}]},
                "limit": {"type": ["integer", "null"], "description": "The most."},
                "strict": {"type": "boolean"},
                "names": {"type": "array"},
                "auth": {"properties": {
                    "token": {"type": "string", "default": "S3CRET"},
                    "pin": {"format": "password", "type": "integer"},
                    "user": {"type": "string"},
                }},
            },
            "$defs": {"Mode": {"enum": ["a", "b"]}},
        })
    }

    #[test]
    fn schema_is_a_form() {
        let shown = json!({"auth": {"pin": MASK, "user": "ann"}});
        let sent = BTreeMap::from([("set.auth.token", "S3CRET"), ("set.limit", "5")]);
        let sent =
            sent.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let rows = fields(&schema()).into_iter().map(|field| {
            let field = field.into_model(&sent, &shown);
            let kind = serde_json::to_string(&field.kind).unwrap();
            let default = field.default.unwrap_or_default();
            format!("{}|{kind}|{}|{default}|{}", field.name, field.value, field.required)
        });
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                "set.auth.pin|\"secret\"||••••••|false",
                "set.auth.token|\"secret\"|||false",
                "set.auth.user|\"text\"||\"ann\"|false",
                "set.level|{\"choice\":[\"x\",\"y\"]}|||false",
                "set.limit|\"number\"|5||false",
                "set.mode|{\"choice\":[\"a\",\"b\"]}||\"a\"|true",
                "set.names|\"json\"|||false",
                "set.strict|\"switch\"|||false",
            ]
        );
    }

    #[test]
    fn fields_are_set_over_settings() {
        let set = |name: &str, text: &str, mut settings: Value| {
            let sent = BTreeMap::from([(format!("set.{name}"), text.to_owned())]);
            let made: Result<Vec<()>, _> =
                fields(&schema()).iter().map(|field| field.set(&sent, &mut settings)).collect();
            made.map(|_| settings)
        };
        for (name, text, expected) in [
            ("mode", "true", json!({"mode": "true"})),
            ("strict", "true", json!({"strict": true})),
            ("limit", "1.5", json!({"limit": 1.5})),
            ("limit", "many", json!({"limit": "many"})),
            ("names", "[1]", json!({"names": [1]})),
            ("auth.token", "1", json!({"auth": {"token": "1"}})),
            ("auth.pin", "1", json!({"auth": {"pin": 1}})),
        ] {
            assert_eq!(set(name, text, Value::Null).unwrap(), expected, "{name}");
        }
        assert_eq!(
            set("auth.user", "bo", json!({"auth": {"pin": 1}})).unwrap(),
            json!({"auth": {"pin": 1, "user": "bo"}})
        );
        assert_eq!(
            set("names", "[", json!({})).unwrap_err(),
            "`names` is no JSON: EOF while parsing a list at line 1 column 1"
        );
        assert_eq!(
            set("auth.user", "bo", json!({"auth": 1})).unwrap_err(),
            "`auth.user`: what it is in is not an object"
        );
    }
}
