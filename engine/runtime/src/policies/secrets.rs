//! Secrets in settings, and settings without them.

use std::collections::BTreeSet;

use policy_text::redact_url;
use serde_json::Value;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "••••••";

/// The last words of keys that name a secret, such as `client-secret`; also in the plural.
const NAMES: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "hmackey",
    "connectionstring",
    "bearer",
    "jwt",
    "pwd",
    "pass",
    "salt",
];

/// Words at the end of a key that tell of what form the secret is.
const FORMS: [&str; 4] = ["value", "pem", "base64", "hex"];

/// The shortest name that also counts without a word of its own: `APITOKEN`.
const LONG_NAME: usize = 5;

/// The settings without their secrets: values that the schema calls `writeOnly` or of the format
/// `password`, values whose key names a secret, and passwords in URLs.
pub(crate) fn masked(settings: &Value, schema: Option<&Value>) -> Value {
    let schemas = SchemasOfValue::of_root(schema);
    masked_value(settings, &schemas)
}

fn masked_value(value: &Value, schemas: &SchemasOfValue<'_>) -> Value {
    if schemas.is_secret() && !value.is_null() {
        return Value::from(MASK);
    }
    match value {
        Value::Object(fields) => {
            let masked = fields.iter().map(|(key, value)| {
                let masked = if is_secret(key, value) {
                    Value::from(MASK)
                } else {
                    masked_value(value, &schemas.of_field(key))
                };
                (key.clone(), masked)
            });
            Value::Object(masked.collect())
        }
        Value::Array(elements) => {
            let schemas_of = |index| schemas.of_element(index);
            let masked = elements.iter().enumerate();
            masked.map(|(index, value)| masked_value(value, &schemas_of(index))).collect()
        }
        // Other text with a colon and an `@` is text.
        Value::String(text) if text.contains("://") && !text.contains(char::is_whitespace) => {
            Value::from(redact_url(text))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Tells whether the value of this key is a secret by the key's name. Switches are none, nor what is
/// empty, nor numbers of something, such as `max-tokens`.
fn is_secret(key: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) => names_a_secret(key) && !is_plural(&key.to_lowercase()),
        Value::String(text) => names_a_secret(key) && !text.is_empty(),
        Value::Array(elements) => names_a_secret(key) && !elements.is_empty(),
        Value::Object(fields) => names_a_secret(key) && !fields.is_empty(),
    }
}

/// Tells whether a key's last words name a secret: `db_password`, `clientSecret`, `API-KEY` and
/// `token_2` do, `token-ttl` does not.
pub(crate) fn names_a_secret(key: &str) -> bool {
    let mut words = words(key);
    let is_number = |word: &str| {
        let number = word.strip_prefix('v').unwrap_or(word);
        number.bytes().all(|byte| byte.is_ascii_digit())
    };
    while words.pop_if(|word| is_number(word) || FORMS.contains(&word.as_str())).is_some() {}
    if let Some(last) = words.last_mut() {
        last.truncate(last.trim_end_matches(|last: char| last.is_ascii_digit()).len());
        if is_plural(last) {
            last.pop();
        }
    }
    let joined = words.concat();
    NAMES.iter().any(|name| {
        let is_last = |count: usize| {
            let first = words.len().saturating_sub(count);
            words.get(first..).is_some_and(|last| last.concat() == *name)
        };
        is_last(1) || is_last(2) || name.len() >= LONG_NAME && joined.ends_with(name)
    })
}

/// Tells whether a word in lower case is of several: `pass` is not.
fn is_plural(word: &str) -> bool {
    word.ends_with('s') && !word.ends_with("ss")
}

/// Tells whether a schema says by itself that what it describes is a secret.
pub(crate) fn says_secret(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
        || schema.get("format").and_then(Value::as_str) == Some("password")
}

/// The words of a key, in lower case: they end at other characters than letters and digits, and
/// before a capital that follows a small letter.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for character in key.chars() {
        if !character.is_alphanumeric() || after_small && character.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        after_small = character.is_lowercase() || character.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// All parts of a JSON Schema that speak of one value.
#[derive(Clone)]
struct SchemasOfValue<'a> {
    root: &'a Value,
    schemas: Vec<&'a Value>,
}

impl<'a> SchemasOfValue<'a> {
    fn of_root(root: Option<&'a Value>) -> Self {
        let root = root.unwrap_or(&Value::Null);
        Self { root, schemas: Vec::new() }.with_all([root])
    }

    /// Those that these come to, by references and alternatives. Each is taken once, so that
    /// circles end.
    fn with_all(&self, schemas: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&'a Value> = schemas.into_iter().collect();
        while let Some(schema) = open.pop() {
            if !seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            found.push(schema);
            let referred = schema.get("$ref").and_then(Value::as_str);
            let pointer = referred.and_then(|reference| reference.strip_prefix('#'));
            open.extend(pointer.and_then(|pointer| self.root.pointer(pointer)));
            for key in ["allOf", "anyOf", "oneOf"] {
                open.extend(schema.get(key).and_then(Value::as_array).into_iter().flatten());
            }
            open.extend(["if", "then", "else"].iter().filter_map(|key| schema.get(key)));
            open.extend(values(schema, "dependentSchemas"));
        }
        Self { root: self.root, schemas: found }
    }

    fn is_secret(&self) -> bool {
        self.schemas.iter().any(|schema| says_secret(schema))
    }

    fn of_field(&self, key: &str) -> Self {
        self.with_all(self.schemas.iter().flat_map(|schema| {
            let named = schema.get("properties").and_then(|properties| properties.get(key));
            let other = ["additionalProperties", "unevaluatedProperties"];
            let other = other.into_iter().filter_map(|key| schema.get(key));
            let other = other.filter(move |_| named.is_none());
            // Patterns are not matched: rather too much is a secret than too little.
            named.into_iter().chain(other).chain(values(schema, "patternProperties"))
        }))
    }

    fn of_element(&self, index: usize) -> Self {
        self.with_all(self.schemas.iter().flat_map(|schema| {
            let listed = ["prefixItems", "items"].into_iter().filter_map(|key| schema.get(key));
            let listed = listed.filter_map(move |items| items.get(index));
            let others = ["items", "additionalItems", "unevaluatedItems", "contains"];
            listed.chain(others.into_iter().filter_map(|key| schema.get(key)))
        }))
    }
}

/// The values of an object under a key.
fn values<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema.get(key).and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn key_names_a_secret_by_its_last_words() {
        for key in [
            "password",
            "Passwd",
            "db_password",
            "client-secret",
            "clientSecret",
            "API-KEY",
            "apiKey",
            "apikey",
            "x-api-key",
            "private_key",
            "tokens",
            "credentials",
            "accessToken",
            "oauth2Token",
            "DBPassword",
            "APITOKEN",
            "password2",
            "PASSWORD1",
            "api_key_v2",
            "authToken1",
            "client_secret_value",
            "private-key-pem",
            "signingKey",
            "connection-string",
            "pwd",
            "pass",
        ] {
            assert!(names_a_secret(key), "{key}");
        }
        for key in [
            "token-ttl",
            "tokens-per-second",
            "key",
            "keys",
            "public-key",
            "passwordless",
            "secrecy",
            "secret-name",
            "tokenizer",
            "",
            "--",
            "compass",
            "bypass",
            "value",
            "v2",
            "authorization",
        ] {
            assert!(!names_a_secret(key), "{key}");
        }
    }

    #[test]
    fn value_is_masked_by_the_name_of_its_key() {
        let settings = json!({
            "version": "v1.30",
            "password": 1234,
            "db-pass": 83_749_261,
            "require-token": true,
            "max-tokens": 5,
            "secret": null,
            "token": "",
            "tokens": {"abc": "alice"},
            "nested": [{"api-key": "k", "url": "https://me:pw@host/x?key=1", "text": "a: b@c"}],
        });
        assert_eq!(
            masked(&settings, None),
            json!({
                "version": "v1.30",
                "password": MASK,
                "db-pass": MASK,
                "require-token": true,
                "max-tokens": 5,
                "secret": null,
                "token": "",
                "tokens": MASK,
                "nested": [{"api-key": MASK, "url": "https://…@host/x?…", "text": "a: b@c"}],
            })
        );
    }

    #[test]
    fn value_is_masked_by_any_schema_that_speaks_of_it() {
        let schema = json!({
            "$defs": {
                "Hidden": {"type": "string", "writeOnly": true},
                "Tree": {"properties": {
                    "pin": {"format": "password"},
                    "below": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
                }},
            },
            "allOf": [{"properties": {"a": {"$ref": "#/$defs/Hidden"}}}],
            "properties": {
                "tree": {"$ref": "#/$defs/Tree"},
                "list": {"items": {"oneOf": [{"type": "integer"}, {"$ref": "#/$defs/Hidden"}]}},
                "pair": {"prefixItems": [{"type": "string"}, {"writeOnly": true}]},
                "map": {"properties": {"open": {}}, "additionalProperties": {"writeOnly": true}},
                "circle": {"$ref": "#/properties/circle"},
            },
        });
        let settings = json!({
            "a": "1",
            "tree": {"pin": 7, "below": {"pin": "8", "other": "x"}},
            "list": ["2"],
            "pair": ["x", {"y": 3}],
            "map": {"open": "x", "else": "4"},
            "circle": "x",
        });
        assert_eq!(
            masked(&settings, Some(&schema)),
            json!({
                "a": MASK,
                "tree": {"pin": MASK, "below": {"pin": MASK, "other": "x"}},
                "list": [MASK],
                "pair": ["x", MASK],
                "map": {"open": "x", "else": MASK},
                "circle": "x",
            })
        );
    }

    proptest! {
        /// However deep it stands, and whatever is beside it.
        #[test]
        fn no_secret_survives(
            outer in proptest::collection::vec("[a-z]{1,4}", 0..4), in_list: bool,
            name in "(my[-_])?(password|Token|SECRET|api-key|credentials)",
        ) {
            let mut settings = json!({(&name): "S3CRET", "other": {"x": 1}});
            let mut schema = json!({"properties": {"hidden": {"writeOnly": true}}});
            settings["hidden"] = json!([["S3CRET"]]);
            for key in outer {
                if in_list {
                    settings = json!([settings]);
                    schema = json!({"items": schema});
                }
                settings = json!({(&key): settings});
                schema = json!({"properties": {(&key): schema}});
            }
            let shown = masked(&settings, Some(&schema)).to_string();
            prop_assert!(!shown.contains("S3CRET"), "{shown}");
            prop_assert!(shown.contains("other"), "{shown}");
        }
    }
}
