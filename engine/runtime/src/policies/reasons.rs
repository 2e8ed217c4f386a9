//! The reasons of an answer, in words for people.

use std::fmt;

use policy_text::escape_line;
use serde_json::Value;

/// One reason: an element of an output's `violations`, or all that the output says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The check that it is of.
    pub(crate) check: Option<String>,
    /// The path of what offends, such as `spec.hostNetwork`.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

/// The reasons in an output: its `violations` one by one, its `reason` or `message`,
/// or else its other fields as they are.
pub(crate) fn reasons(output: &str) -> Vec<Reason> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(output) else {
        let verdict = matches!(output, "true" | "false");
        return if verdict { Vec::new() } else { vec![Reason::from(output.to_owned())] };
    };
    if let Some(violations) = fields.get("violations").and_then(Value::as_array) {
        return violations.iter().map(Reason::from_violation).collect();
    }
    let text = |key| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(message) = text("reason").or_else(|| text("message")) {
        return vec![Reason { check: text("check"), field: text("field"), message }];
    }
    fields
        .retain(|key, value| !(matches!(key.as_str(), "allowed" | "allow") && value.is_boolean()));
    if fields.is_empty() {
        Vec::new()
    } else {
        vec![Reason::from(Value::Object(fields).to_string())]
    }
}

impl From<String> for Reason {
    fn from(message: String) -> Self {
        Self { check: None, field: None, message }
    }
}

impl Reason {
    fn from_violation(violation: &Value) -> Self {
        let text = |key| violation.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(message) = text("message") {
            return Self { check: text("check"), field: text("field"), message };
        }
        let message = violation.as_str().map(str::to_owned);
        Self::from(message.unwrap_or_else(|| violation.to_string()))
    }
}

/// On one line, with what acts on a terminal escaped.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{}: ", escape_line(field))?;
        }
        f.write_str(&escape_line(&self.message))
    }
}

/// The reasons of an output in one text.
pub(crate) fn reasons_in_words(output: &str, between: &str) -> String {
    let reasons: Vec<_> = reasons(output).iter().map(ToString::to_string).collect();
    reasons.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_in_common_output_fields() {
        for (output, expected) in [
            ("true", ""),
            ("[1]", "[1]"),
            (r#"{"allowed":true}"#, ""),
            (r#"{"allowed":false,"reason":"no role"}"#, "no role"),
            (r#"{"allowed":false,"reason":"a\u001b[31mb\nc"}"#, "a\\u{1b}[31mb\\nc"),
            ("{\"allowed\":false,\"reason\":\"a\u{202e}b\"}", "a\\u{202e}b"),
            (r#"{"allow":false,"score":7}"#, r#"{"score":7}"#),
            (
                r#"{"allowed":false,"violations":[{"field":"spec","message":"bad"},{"message":"worse"},"worst",7]}"#,
                "spec: bad\nworse\nworst\n7",
            ),
        ] {
            assert_eq!(reasons_in_words(output, "\n"), expected, "{output}");
        }
    }
}
