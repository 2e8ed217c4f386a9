use policy_text::escape_json;
use serde_json::Value as Json;

/// A text as YAML writes it: in quotes where it would be something else without.
pub(crate) fn plain(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || " -_./@".contains(letter))
        && !text.ends_with(' ')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
        );
    if is_plain { text.to_owned() } else { json(&text.into()) }
}

/// A scalar, or a value with nothing in it.
pub(crate) fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => plain(text),
        other => json(other),
    }
}

/// JSON on one line, which is YAML, with what acts on a terminal escaped.
pub(super) fn json(value: &Json) -> String {
    escape_json(&value.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{Source, documents};

    #[test]
    fn texts_are_read_as_they_were() {
        for text in [
            "a",
            "a b",
            "no",
            "Off",
            "",
            "1",
            "-",
            "a: b",
            "a #b",
            "ü\n\u{1b}",
            " a",
            "a ",
            "~",
            "null",
            "a/b@1.0",
        ] {
            let yaml = format!("- {}\n", plain(text));
            let source = Source::new("a.yaml", yaml.as_str());
            let read = documents(&source).next().unwrap().unwrap();
            let read: Vec<String> = serde_json::from_slice(&read.json).unwrap();
            assert_eq!(read, [text], "{yaml}");
        }
        assert_eq!(plain("a b"), "a b");
    }
}
