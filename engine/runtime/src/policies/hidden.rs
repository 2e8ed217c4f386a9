use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde_json::Value;

use super::secrets::{MASK, masked};

/// Bytes from which a text stands for nothing else. A shorter one is also a part of other words, and
/// is taken out only where it is quoted.
const DISTINCT: usize = 4;

/// What texts are quoted by.
const QUOTES: [char; 2] = ['`', '"'];

/// The secrets of settings, to be taken out of what others say of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hidden(BTreeSet<String>);

impl Hidden {
    /// The secrets of a policy's settings, which their schema and their names tell.
    pub(crate) fn new(settings: &Value, schema: Option<&Value>) -> Self {
        let mut hidden = Self::default();
        hidden.add(settings, &masked(settings, schema));
        hidden
    }

    /// Adds what differs between settings and those that are shown of them.
    pub(crate) fn add(&mut self, settings: &Value, shown: &Value) {
        match (settings, shown) {
            (Value::Object(fields), Value::Object(others)) => {
                for (key, value) in fields {
                    self.add(value, others.get(key).unwrap_or(&Value::Null));
                }
            }
            (Value::Array(elements), Value::Array(others)) => {
                for (value, other) in elements.iter().zip(others) {
                    self.add(value, other);
                }
            }
            _ if settings != shown => self.add_all(settings),
            _ => {}
        }
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.add_text(key);
                    self.add_all(value);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.add_all(element)),
            Value::String(text) => {
                self.add_text(text);
                if let Some((_, rest)) = text.split_once("://")
                    && let Some((credentials, _)) = rest.rsplit_once('@')
                {
                    credentials.split(':').for_each(|part| self.add_text(part));
                }
            }
            Value::Number(number) => self.add_text(&number.to_string()),
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.insert(text.to_owned());
            // As it stands in JSON, and in messages that quote it.
            let quoted = Value::from(text).to_string();
            let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            self.0.extend(inner.map(str::to_owned));
        }
    }

    /// Tells whether a text may quote any of them.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret))
    }

    /// A value without them.
    pub(crate) fn masked_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.masked(text)),
            Value::Array(elements) => {
                elements.into_iter().map(|element| self.masked_value(element)).collect()
            }
            Value::Object(fields) => {
                let masked = fields
                    .into_iter()
                    .map(|(key, value)| (self.masked(key), self.masked_value(value)));
                Value::Object(masked.collect())
            }
            Value::Number(number) if self.0.contains(&number.to_string()) => Value::from(MASK),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    /// A text without them.
    pub(crate) fn masked(&self, text: String) -> String {
        // The longest first: one may be a part of another.
        let mut secrets: Vec<_> = self.0.iter().filter(|secret| text.contains(*secret)).collect();
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets.into_iter().fold(text, |text, secret| {
            if secret.len() >= DISTINCT {
                return text.replace(secret, MASK);
            }
            QUOTES.iter().fold(text, |text, quote| {
                text.replace(&format!("{quote}{secret}{quote}"), &format!("{quote}{MASK}{quote}"))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_told_without_secrets() {
        let settings = json!({
            "token": "tok\"en",
            "password": 12345,
            "secrets": [{"deep": "inner"}, "inn"],
            "url": "https://me:pa55@host/",
            "open": "open",
        });
        let hidden = Hidden::new(&settings, None);
        for (text, told) in [
            ("open and inn, `inn`", "open and inn, `••••••`"),
            ("a tok\"en, or tok\\\"en", "a ••••••, or ••••••"),
            ("12345 inner", "•••••• ••••••"),
            ("https://me:pa55@host/ pa55", "•••••• ••••••"),
        ] {
            assert_eq!(hidden.masked(text.to_owned()), told);
        }
    }

    #[test]
    fn message_does_not_quote_a_secret() {
        let settings = json!({
            "password": "hunter2\n",
            "pin": 42,
            "tokens": {"abcdefg": "x"},
            "url": "https://me:s3cret@host/",
            "mode": "42nd",
        });
        let schema = json!({"properties": {"pin": {"writeOnly": true}}});
        for (message, expected) in [
            ("`password` is `hunter2\\n`", "`password` is `••••••`"),
            (
                "invalid type: integer `42`, expected a string",
                "invalid type: integer `••••••`, expected a string",
            ),
            ("42 of `42nd`", "42 of `42nd`"),
            ("no user \"x\" of abcdefg, nor xy", "no user \"••••••\" of ••••••, nor xy"),
            ("cannot reach https://me:s3cret@host/", "cannot reach ••••••"),
        ] {
            let hidden = Hidden::new(&settings, Some(&schema));
            assert_eq!(hidden.masked(message.to_owned()), expected);
        }
        let nothing = Hidden::new(&json!({"password": ""}), None);
        assert_eq!(nothing.masked("a `b`".to_owned()), "a `b`");
    }
}
