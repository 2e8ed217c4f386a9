use std::collections::BTreeSet;

use policy_console::Violation;
use serde_json::{Value, json};

use crate::policies::{MASK, call_guarded, masked};
use crate::server::state::AppState;

/// Shorter ones are parts of other words, and no secrets.
const MIN_LENGTH: usize = 4;

/// Secrets of a configuration, which no answer of the console tells, whoever quotes them.
#[derive(Debug, Default)]
pub(super) struct Hidden(BTreeSet<String>);

impl Hidden {
    /// The secrets in the settings of all policies that are served: what one decides may quote them.
    pub(super) fn of_served(state: &AppState) -> Self {
        let mut hidden = Self::default();
        for policy in state.policies.all() {
            let settings = serde_json::from_slice(policy.settings.settings.as_json());
            let settings = settings.unwrap_or(Value::Null);
            if settings.as_object().is_none_or(serde_json::Map::is_empty) {
                continue;
            }
            // Where nobody can tell what is secret, all is.
            let schema = call_guarded(&policy.entry, policy.entry.registration.settings_schema)
                .unwrap_or_else(|_| Some(json!({"writeOnly": true})));
            hidden.add(&settings, &masked(&settings, schema.as_ref()));
        }
        hidden
    }

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

    /// Takes them out of a violation.
    pub(super) fn mask_violation(&self, violation: &mut Violation) {
        violation.message = self.masked(std::mem::take(&mut violation.message));
        violation.field = violation.field.take().map(|field| self.masked(field));
        violation.check = violation.check.take().map(|check| self.masked(check));
    }

    /// A value without them.
    pub(super) fn masked_value(&self, value: Value) -> Value {
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
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
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
