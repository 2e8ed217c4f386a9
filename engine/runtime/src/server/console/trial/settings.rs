use serde_json::{Value, json};

use super::choices::Subject;
use super::fields::Field;
use super::form::SentForm;
use super::yaml::yaml_without_secrets;
use crate::config::Mode;
use crate::documents::{Source, single_document};
use crate::policies::{Hidden, MASK, masked};

/// The settings that a policy is tried with.
pub(super) struct TrialSettings {
    pub(super) value: Value,
    /// Without secrets.
    pub(super) shown: Value,
    /// They are those that the policy is served with, or nothing is set.
    pub(super) are_own: bool,
}

/// The settings that a policy is served with; of one that is not served, nothing.
pub(super) fn configured(subject: &Subject) -> Value {
    let served = subject.served();
    served.map_or_else(|| json!({}), |policy| policy.settings.value())
}

impl TrialSettings {
    /// The settings of a text, or else those that are configured, with fields set over them.
    /// Secrets that are left as `••••••` are as configured.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(super) fn new(
        configured: &Value,
        schema: Option<&Value>,
        text: &str,
        fields: &[Field],
        sent: &SentForm,
        hidden: &mut Hidden,
    ) -> Result<Self, Vec<String>> {
        let shown_configured = masked(configured, schema);
        hidden.add(configured, &shown_configured);
        let mut value = if text.trim().is_empty() {
            configured.clone()
        } else {
            let value = parse(text).map_err(|problem| vec![problem])?;
            let value = restored(value, &shown_configured, configured);
            match masked_element(&value, "", false) {
                Some(path) => {
                    return Err(vec![format!(
                        "`{path}` is `{MASK}`: write the value, or leave the list as it was"
                    )]);
                }
                None => value,
            }
        };
        let problems: Vec<_> =
            fields.iter().filter_map(|field| field.set(&sent.fields, &mut value).err()).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let shown = masked(&value, schema);
        hidden.add(&value, &shown);
        Ok(Self { are_own: value == *configured, value, shown })
    }

    /// The configuration of a policy with these settings, without secrets.
    pub(super) fn configuration(&self, subject: &Subject) -> String {
        let mut policy = json!({"policy": subject.reference()});
        if let Some(policy) = policy.as_object_mut() {
            let mode = subject.mode();
            if mode == Mode::Monitor {
                policy.insert("mode".to_owned(), Value::from(mode.name()));
            }
            if self.shown != json!({}) {
                policy.insert("settings".to_owned(), self.shown.clone());
            }
        }
        yaml_without_secrets(&json!({"policies": {(subject.id()): policy}}))
    }
}

fn parse(text: &str) -> Result<Value, String> {
    let source = Source::new("", text);
    let document =
        single_document(&source).map_err(|problem| format!("the settings: {problem}"))?;
    let json = document.map_or_else(|| b"{}".as_slice().into(), |document| document.json);
    let value: Value =
        serde_json::from_slice(&json).map_err(|error| format!("the settings: {error}"))?;
    match value {
        Value::Object(_) => Ok(value),
        _ => Err("the settings are no object: write a line `NAME: VALUE` for each".to_owned()),
    }
}

/// The path of a secret in a list that was left as it is shown, and is none of those configured: of a
/// list with more or fewer elements nobody can tell which is which.
fn masked_element(value: &Value, path: &str, is_in_list: bool) -> Option<String> {
    match value {
        Value::String(text) => (is_in_list && text == MASK).then(|| path.to_owned()),
        Value::Array(elements) => elements.iter().enumerate().find_map(|(index, element)| {
            masked_element(element, &format!("{path}[{index}]"), true)
        }),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            masked_element(value, &path, is_in_list)
        }),
        _ => None,
    }
}

/// Settings with their secrets, where those are left as they are shown.
fn restored(value: Value, shown: &Value, configured: &Value) -> Value {
    if value == *shown {
        return configured.clone();
    }
    match (value, shown, configured) {
        (Value::Object(fields), Value::Object(shown), Value::Object(configured)) => {
            let restored = fields.into_iter().map(|(key, value)| {
                let value = match (shown.get(&key), configured.get(&key)) {
                    (Some(shown), Some(configured)) => restored(value, shown, configured),
                    _ => value,
                };
                (key, value)
            });
            Value::Object(restored.collect())
        }
        (Value::Array(elements), Value::Array(shown), Value::Array(configured))
            if shown.len() == elements.len() =>
        {
            let all = elements.into_iter().zip(shown.iter().zip(configured));
            all.map(|(value, (shown, configured))| restored(value, shown, configured)).collect()
        }
        (value, ..) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use hyper::body::Bytes;

    fn settings(configured: &Value, text: &str, body: &'static str) -> Result<Value, Vec<String>> {
        let schema = json!({"properties": {"version": {"type": "string"},
            "auth": {"properties": {"pin": {"type": "string", "writeOnly": true}}}}});
        let sent = SentForm::parse("", &Bytes::from_static(body.as_bytes()));
        let (fields, mut hidden) = (super::super::fields::fields(&schema), Hidden::default());
        let made = TrialSettings::new(configured, Some(&schema), text, &fields, &sent, &mut hidden);
        made.map(|settings| {
            assert!(!settings.shown.to_string().contains("S3CRET"), "{}", settings.shown);
            assert_eq!(hidden.masked("S3CRET".to_owned()), MASK);
            settings.value
        })
    }

    #[test]
    fn secrets_that_are_left_masked_are_as_configured() {
        let configured = json!({"version": "v1", "token": "S3CRET", "auth": {"pin": "S3CRET"}});
        let changed = |version: &str| json!({"version": version, "token": "S3CRET", "auth": {"pin": "S3CRET"}});
        for (text, body, expected) in [
            ("", "", configured.clone()),
            ("", "set.version=v2", changed("v2")),
            ("version: v2\ntoken: ••••••\nauth: {pin: ••••••}", "", changed("v2")),
            ("version: v2", "set.auth.pin=x", json!({"version": "v2", "auth": {"pin": "x"}})),
            ("other: ••••••", "", json!({"other": MASK})),
        ] {
            assert_eq!(settings(&configured, text, body).unwrap(), expected, "{text} {body}");
        }
    }

    #[test]
    fn secret_of_a_list_with_other_elements_has_to_be_written() {
        let configured =
            json!({"tokens": ["S3CRET", "S3CRET2"], "users": [{"pin": 1, "token": "S3CRET"}]});
        let changed = |text| settings(&configured, text, "");
        let same = "tokens: ••••••\nusers: [{pin: 1, token: ••••••}]";
        assert_eq!(changed(same).unwrap(), configured);
        for (text, path) in [
            ("tokens: [••••••]", "tokens[0]"),
            ("tokens: [new, ••••••, ••••••]", "tokens[1]"),
            ("users: [{pin: 2}, {token: ••••••}]", "users[1].token"),
        ] {
            let message = "is `••••••`: write the value, or leave the list as it was";
            assert_eq!(changed(text).unwrap_err(), [format!("`{path}` {message}")], "{text}");
        }
    }

    #[test]
    fn text_that_is_no_object_is_told() {
        let told = |text| settings(&json!({"token": "S3CRET"}), text, "").unwrap_err().concat();
        assert_eq!(told("[1]"), "the settings are no object: write a line `NAME: VALUE` for each");
        assert!(told("a: [").starts_with("the settings: "), "{}", told("a: ["));
    }
}
