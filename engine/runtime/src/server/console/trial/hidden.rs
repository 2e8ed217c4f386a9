use std::collections::BTreeSet;

use serde_json::Value;

use crate::policies::MASK;

/// Shorter ones are parts of other words, and no secrets.
const MIN_LENGTH: usize = 4;

/// Secrets of a configuration, which no answer of the console tells, whoever quotes them.
#[derive(Debug, Default)]
pub(super) struct Hidden(BTreeSet<String>);

impl Hidden {
    /// Adds what differs between settings and those that are shown of them.
    pub(super) fn add(&mut self, settings: &Value, shown: &Value) {
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
        if text.len() >= MIN_LENGTH {
            self.0.insert(text.to_owned());
            // As it stands in JSON, and in messages that quote it.
            let quoted = Value::from(text).to_string();
            let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            self.0.extend(inner.map(str::to_owned));
        }
    }

    /// A text without them.
    pub(super) fn masked(&self, text: String) -> String {
        // The longest first: one may be a part of another.
        let mut secrets: Vec<_> = self.0.iter().filter(|secret| text.contains(*secret)).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.into_iter().fold(text, |text, secret| text.replace(secret, MASK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::policies::masked;

    #[test]
    fn text_is_told_without_secrets() {
        let settings = json!({
            "token": "tok\"en",
            "password": 12345,
            "secrets": [{"deep": "inner"}, "inn"],
            "url": "https://me:pa55@host/",
            "open": "open",
        });
        let mut hidden = Hidden::default();
        hidden.add(&settings, &masked(&settings, None));
        for (text, told) in [
            ("open and inn", "open and inn"),
            ("a tok\"en, or tok\\\"en", "a ••••••, or ••••••"),
            ("12345 inner", "•••••• ••••••"),
            ("https://me:pa55@host/ pa55", "•••••• ••••••"),
        ] {
            assert_eq!(hidden.masked(text.to_owned()), told);
        }
    }
}
