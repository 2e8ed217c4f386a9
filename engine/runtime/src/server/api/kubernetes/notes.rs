//! Warnings and audit annotations in the form that an API server passes on. It drops all others, and
//! says so in a log of its own that authors of policies seldom see.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// The characters of all warnings of a request, above which an API server shortens each.
const MAX_WARNINGS: usize = 4096;
/// The characters of a shortened warning.
const MAX_SHORTENED: usize = 256;
/// The most bytes of an annotation's key.
const MAX_KEY: usize = 63;

/// The most changes that are logged: a policy may make a thousand mistakes.
const MAX_CHANGES: usize = 8;
/// The message for a key that an API server does not accept.
const INVALID_KEY: &str =
    "is not made of up to 63 letters, digits, `-`, `_` and `.`, a letter or digit at either end";

/// The warnings and annotations of a policy's output.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    pub(super) warnings: Vec<String>,
    pub(super) annotations: BTreeMap<String, String>,
    /// The parts that were changed or left out, for operators.
    pub(super) changes: Vec<String>,
}

impl Notes {
    pub(super) fn from_output(fields: &Map<String, Value>) -> Self {
        let mut notes = Self::default();
        notes.warn(fields.get("warnings"));
        let annotations =
            fields.get("auditAnnotations").or_else(|| fields.get("audit_annotations"));
        notes.annotate(annotations);
        notes
    }

    fn warn(&mut self, warnings: Option<&Value>) {
        let warnings = match warnings {
            None | Some(Value::Null) => return,
            Some(Value::Array(warnings)) => warnings,
            Some(_) => return self.changed(format_args!("`warnings` is no array: left out")),
        };
        for (index, warning) in warnings.iter().enumerate() {
            let Some(text) = warning.as_str() else {
                self.changed(format_args!("`warnings[{index}]` is no text: left out"));
                continue;
            };
            let plain = without_controls(text);
            if plain != text {
                self.changed(format_args!("`warnings[{index}]` has control characters: taken out"));
            }
            if !plain.is_empty() {
                self.warnings.push(plain);
            }
        }
        self.shorten();
    }

    /// Shortens warnings as an API server does, which has other webhooks' beside these.
    fn shorten(&mut self) {
        let length = |text: &String| text.chars().count();
        if self.warnings.iter().map(length).sum::<usize>() <= MAX_WARNINGS {
            return;
        }
        let mut written = 0;
        self.warnings.retain_mut(|text| {
            if let Some((end, _)) = text.char_indices().nth(MAX_SHORTENED) {
                text.truncate(end);
            }
            let fits = written < MAX_WARNINGS;
            written += length(text);
            fits
        });
        self.changed(format_args!(
            "`warnings` have more than {MAX_WARNINGS} characters: each is cut to {MAX_SHORTENED}"
        ));
    }

    fn annotate(&mut self, annotations: Option<&Value>) {
        let annotations = match annotations {
            None | Some(Value::Null) => return,
            Some(Value::Object(annotations)) => annotations,
            Some(_) => {
                return self.changed(format_args!("`auditAnnotations` is no object: left out"));
            }
        };
        // Valid keys take precedence over those that are changed to the same.
        let (valid, others): (Vec<_>, Vec<_>) =
            annotations.iter().partition(|(key, _)| name(key) == **key);
        for (key, value) in valid.into_iter().chain(others) {
            let name = name(key);
            // The keys are not logged: they may quote what the decision log masks.
            let Some(value) = value.as_str() else {
                self.changed(format_args!(
                    "`auditAnnotations` has a value that is no text: left out"
                ));
                continue;
            };
            if name.is_empty() || self.annotations.contains_key(&name) {
                self.changed(format_args!(
                    "`auditAnnotations` has a key that {INVALID_KEY}: left out"
                ));
                continue;
            }
            if name != *key {
                self.changed(format_args!(
                    "`auditAnnotations` has a key that {INVALID_KEY}: changed to `_` where it has to be"
                ));
            }
            self.annotations.insert(name, value.to_owned());
        }
    }

    fn changed(&mut self, change: fmt::Arguments<'_>) {
        match self.changes.len() {
            0..MAX_CHANGES => self.changes.push(change.to_string()),
            MAX_CHANGES => self.changes.push("and so on".to_owned()),
            _ => {}
        }
    }
}

/// A text on one line, with spaces in place of control characters.
fn without_controls(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let words = text.split(char::is_control).map(str::trim).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Makes a valid key: the name of a qualified name, as an API server puts the webhook's name and a
/// `/` before it.
fn name(key: &str) -> String {
    let name: String = key
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => letter,
            _ => '_',
        })
        .collect();
    let is_end = |letter: char| !letter.is_ascii_alphanumeric();
    let name = name.trim_start_matches(is_end);
    name.get(..MAX_KEY).unwrap_or(name).trim_end_matches(is_end).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn notes(output: &Value) -> Notes {
        Notes::from_output(output.as_object().unwrap())
    }

    #[test]
    fn valid_notes_stay_as_they_are() {
        let notes = notes(&json!({
            "warnings": ["old \"ü\" \\", "old \"ü\" \\"], "auditAnnotations": {"a.b-C_1": "\n"},
        }));
        assert_eq!(notes.warnings, ["old \"ü\" \\", "old \"ü\" \\"]);
        assert_eq!(notes.annotations, [("a.b-C_1".to_owned(), "\n".to_owned())].into());
        assert_eq!(notes.changes, [""; 0]);
        assert_eq!(super::Notes::from_output(&Map::new()), Notes::default());
    }

    #[test]
    fn warnings_are_put_on_one_line() {
        let notes = notes(&json!({
            "warnings": ["a\n  b\tc\u{7f}\u{85}", "\r\n", "", 7, "d"],
        }));
        assert_eq!(notes.warnings, ["a b c", "d"]);
        assert_eq!(
            notes.changes,
            [
                "`warnings[0]` has control characters: taken out",
                "`warnings[1]` has control characters: taken out",
                "`warnings[3]` is no text: left out",
            ]
        );
    }

    #[test]
    fn warnings_are_shortened_as_by_an_api_server() {
        let long = "ü".repeat(300);
        let kept = notes(&json!({"warnings": vec![&long; 13]}));
        assert!(kept.changes.is_empty() && kept.warnings.iter().all(|warning| *warning == long));
        let cut = notes(&json!({"warnings": vec![&long; 20]}));
        assert_eq!(cut.warnings, vec!["ü".repeat(256); 16]);
        assert_eq!(cut.changes, ["`warnings` have more than 4096 characters: each is cut to 256"]);
        assert_eq!(notes(&json!({"warnings": ["x".repeat(5000)]})).warnings, ["x".repeat(256)]);
        let wrong = notes(&json!({"warnings": vec![7; 1000]})).changes;
        assert_eq!((wrong.len(), &*wrong[8]), (9, "and so on"));
    }

    #[test]
    fn invalid_keys_are_changed_or_left_out() {
        let notes = notes(&json!({"auditAnnotations": {
            "a/b": "1", "a_b": "2", "é x/": "3", "//": "4", "n": 7,
            "-a-": "5", "k".repeat(70): "6",
        }}));
        let expected = [("a", "5"), ("a_b", "2"), ("x", "3"), (&"k".repeat(63), "6")];
        let expected: BTreeMap<_, _> =
            expected.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        assert_eq!(notes.annotations, expected);
        let count =
            |words: &str| notes.changes.iter().filter(|change| change.ends_with(words)).count();
        assert_eq!(count("at either end: left out"), 2, "{:?}", notes.changes);
        assert_eq!(count("at either end: changed to `_` where it has to be"), 3);
        assert_eq!(count("`auditAnnotations` has a value that is no text: left out"), 1);
        let odd = self::notes(&json!({"warnings": "w", "audit_annotations": ["a"]}));
        assert_eq!(
            odd.changes,
            ["`warnings` is no array: left out", "`auditAnnotations` is no object: left out"]
        );
    }

    proptest! {
        /// `IsQualifiedName` of apimachinery, of the part behind the `/`.
        #[test]
        fn every_key_is_a_qualified_name(key in ".{0,80}") {
            let name = name(&key);
            let ends = [name.chars().next(), name.chars().last()];
            prop_assert!(name.is_empty() || ends.iter().all(|end| end.unwrap().is_ascii_alphanumeric()));
            prop_assert!(name.len() <= MAX_KEY);
            let inner =
                |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
            prop_assert!(name.chars().all(inner));
        }
    }
}
