//! The reasons of an answer, in words for people.

use policy_text::escape_line;
use serde_json::Value;

/// The reasons in an output: its `violations` one by one, its `reason` or `message`,
/// or else its other fields as they are.
pub(crate) fn reasons(output: &str) -> Vec<String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(output) else {
        let verdict = matches!(output, "true" | "false");
        return if verdict { Vec::new() } else { vec![output.to_owned()] };
    };
    if let Some(violations) = fields.get("violations").and_then(Value::as_array) {
        return violations.iter().map(violation).collect();
    }
    let reason = fields.get("reason").or_else(|| fields.get("message"));
    if let Some(reason) = reason.and_then(Value::as_str) {
        return vec![escape_line(reason).into_owned()];
    }
    fields
        .retain(|key, value| !(matches!(key.as_str(), "allowed" | "allow") && value.is_boolean()));
    if fields.is_empty() { Vec::new() } else { vec![Value::Object(fields).to_string()] }
}

fn violation(violation: &Value) -> String {
    let text = |key| violation.get(key).and_then(Value::as_str);
    match (text("field"), text("message")) {
        (Some(field), Some(message)) => escape_line(&format!("{field}: {message}")).into_owned(),
        (None, Some(message)) => escape_line(message).into_owned(),
        _ => violation
            .as_str()
            .map_or_else(|| violation.to_string(), |text| escape_line(text).into_owned()),
    }
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
            assert_eq!(reasons(output).join("\n"), expected, "{output}");
        }
    }
}
