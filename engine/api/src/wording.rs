//! Serde's messages name Rust's types (`map`, `struct Pod`, `u16`); the people who read them wrote
//! JSON or YAML.

use std::fmt::{self, Write};

/// The message of a decoding error, without its place, in JSON's terms.
pub(crate) fn in_json_terms(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    if text.starts_with("data did not match any variant of ") {
        return "it has none of the forms that are expected here".to_owned();
    }
    let kinds = ["invalid type: ", "invalid value: ", "invalid length "];
    // What a policy puts before the mismatch stays: it may say where.
    let mismatch = kinds.iter().find_map(|kind| Some((kind, text.split_once(kind)?)));
    let explained = mismatch.and_then(|(kind, (before, rest))| {
        let (found, expected) = rest.rsplit_once(", expected ")?;
        let found = match *kind {
            "invalid length " => format!("an array of {found}"),
            _ => finding(found),
        };
        let before = shortened(before);
        Some(format!("{before}expected {}, found {found}", expectation(expected)))
    });
    explained.unwrap_or_else(|| shortened(text))
}

/// Writes out a text up to so many bytes; the rest of a longer one is never made. For text that
/// quotes an input, which may be of any length.
///
/// ```
/// assert_eq!(policy_api::bounded(format_args!("`{}`", "x".repeat(100)), 4), "`xxx…");
/// ```
#[must_use]
pub fn bounded(text: impl fmt::Display, bytes: usize) -> String {
    struct Bounded {
        text: String,
        bytes: usize,
    }

    impl fmt::Write for Bounded {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let left = self.bytes - self.text.len();
            if text.len() <= left {
                self.text.push_str(text);
                return Ok(());
            }
            let end = text.floor_char_boundary(left);
            self.text.push_str(text.get(..end).unwrap_or_default());
            Err(fmt::Error)
        }
    }

    let mut bounded = Bounded { text: String::new(), bytes };
    if write!(bounded, "{text}").is_err() {
        bounded.text.push('…');
    }
    bounded.text
}

/// Words without their middle where they are many: they may quote the input.
pub(crate) fn shortened(text: &str) -> String {
    const START: usize = 120;
    const END: usize = 40;
    let count = text.chars().count();
    if count <= START + END {
        return text.to_owned();
    }
    let start = text.chars().take(START);
    start.chain("…".chars()).chain(text.chars().skip(count - END)).collect()
}

fn expectation(words: &str) -> &str {
    match words {
        "a map" => "an object",
        "a sequence" => "an array",
        "a borrowed string" | "a str" => "a string",
        "a borrowed byte array" | "a byte array" => "bytes",
        "unit" => "null",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" | "u128" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        _ if words.starts_with("struct ") => "an object",
        _ if words.contains("tuple") => "an array",
        _ if words.starts_with("unit struct ") => "null",
        _ if words.starts_with("enum ") || words.contains(" tagged enum ") => {
            "one of the known variants"
        }
        _ => words,
    }
}

fn finding(words: &str) -> String {
    let (kind, value) = words.split_once(' ').unwrap_or((words, ""));
    match kind {
        "map" => "an object".to_owned(),
        "sequence" => "an array".to_owned(),
        "unit" | "null" => "null".to_owned(),
        "string" => format!("the string {}", shortened(value)),
        "integer" | "floating" => format!("the number {}", value.trim_start_matches("point ")),
        "boolean" => value.to_owned(),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    fn message<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        in_json_terms(&serde_json::from_str::<T>(json).unwrap_err())
    }

    #[test]
    fn messages_have_no_rust_types() {
        assert_eq!(
            message::<u8>("300"),
            "expected a whole number from 0 to 255, found the number `300`"
        );
        assert_eq!(message::<f64>("true"), "expected a number, found `true`");
        assert_eq!(message::<Vec<u8>>("{}"), "expected an array, found an object");
        assert_eq!(message::<crate::NoSettings>("7"), "expected an object, found the number `7`");
        assert_eq!(message::<String>("null"), "expected a string, found null");
        assert_eq!(message::<(u8, u8)>("[1]"), "expected an array, found an array of 1");
        assert_eq!(
            in_json_terms(&serde::de::Error::custom("in `spec`: invalid type: map, expected u8")),
            "in `spec`: expected a whole number from 0 to 255, found an object"
        );
        assert_eq!(message::<i64>("1.5"), "expected a whole number, found the number `1.5`");
    }

    #[test]
    fn long_input_is_quoted_in_part() {
        let error = message::<u8>(&format!("\"{}\"", "x".repeat(1_000_000)));
        assert_eq!(error.chars().count(), 217, "{error}");
        let error = message::<crate::NoSettings>(&format!("{{\"{}\":1}}", "x".repeat(1_000_000)));
        assert!(error.chars().count() < 200, "{error}");
    }

    #[test]
    fn untagged_enums_and_tuples_have_no_rust_names() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(untagged)]
        #[expect(dead_code, reason = "only its shape matters here")]
        enum Shape {
            Number(u8),
        }
        assert_eq!(message::<Shape>("true"), "it has none of the forms that are expected here");
        assert_eq!(message::<(u8, u8)>("true"), "expected an array, found `true`");
    }

    #[test]
    fn other_messages_are_unchanged() {
        assert_eq!(
            message::<crate::NoSettings>(r#"{"a":1}"#),
            "unknown field `a`, there are no fields"
        );
    }
}
