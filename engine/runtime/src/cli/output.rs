//! What several commands print alike.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::Value;

/// A table for people: columns set apart by space, with nothing drawn.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// JSON laid out for people to read, with a final line break.
pub(super) fn pretty_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// What an output says beside its verdict, for a table's cell: its `violations` one a line, its
/// `reason` or `message`, or else its other fields as they are.
pub(super) fn reasons(output: &str) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(output) else {
        return if matches!(output, "true" | "false") { String::new() } else { output.to_owned() };
    };
    if let Some(violations) = fields.get("violations").and_then(Value::as_array) {
        return violations.iter().map(violation).collect::<Vec<_>>().join("\n");
    }
    let reason = fields.get("reason").or_else(|| fields.get("message"));
    if let Some(reason) = reason.and_then(Value::as_str) {
        return plain(reason);
    }
    fields
        .retain(|key, value| !(matches!(key.as_str(), "allowed" | "allow") && value.is_boolean()));
    if fields.is_empty() { String::new() } else { Value::Object(fields).to_string() }
}

/// Text that may quote an input, on one line and without what a terminal acts on.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

fn violation(violation: &Value) -> String {
    let text = |key| violation.get(key).and_then(Value::as_str);
    match (text("field"), text("message")) {
        (Some(field), Some(message)) => plain(&format!("{field}: {message}")),
        (None, Some(message)) => plain(message),
        _ => violation.as_str().map_or_else(|| violation.to_string(), plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_by_the_names_they_go_by() {
        for (output, expected) in [
            ("true", ""),
            ("[1]", "[1]"),
            (r#"{"allowed":true}"#, ""),
            (r#"{"allowed":false,"reason":"no role"}"#, "no role"),
            (r#"{"allowed":false,"reason":"a\u001b[31mb\nc"}"#, "a\\u{1b}[31mb\\nc"),
            (r#"{"allow":false,"score":7}"#, r#"{"score":7}"#),
            (
                r#"{"allowed":false,"violations":[{"field":"spec","message":"bad"},{"message":"worse"},"worst",7]}"#,
                "spec: bad\nworse\nworst\n7",
            ),
        ] {
            assert_eq!(reasons(output), expected, "{output}");
        }
    }

    #[test]
    fn tables_are_aligned_and_have_no_trailing_space() {
        let rows =
            [vec!["a".to_owned(), "x\ny".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(&["ONE", "TWO"], rows), "ONE   TWO\na     x\n      y\nlong\n");
    }
}
