use std::borrow::Cow;
use std::collections::BTreeMap;

use hyper::body::Bytes;
use policy_api::DecodeError;
use serde_json::value::RawValue;

use crate::documents::{Source, documents};
use crate::server::console::places::Places;

/// The input of a trial.
pub(super) struct Input {
    pub(super) json: Bytes,
    pub(super) places: Places,
    /// The text is that JSON, so that places in it are places in the text.
    is_json: bool,
}

impl Input {
    /// Reads the one document of a text in YAML or JSON.
    ///
    /// # Errors
    /// What is wrong with the text, in words.
    pub(super) fn read(text: &str, limit: usize) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the input is empty: paste YAML or JSON, or fill in an example".to_owned());
        }
        if text.len() > limit {
            let length = text.len();
            return Err(format!(
                "the input has {length} bytes: expected {limit} at most (`limits.body`)"
            ));
        }
        let source = Source::new("", text);
        let mut all = documents(&source);
        let first = all.next().transpose().map_err(|error| format!("the input: {error}"))?;
        if all.next().is_some() {
            return Err("the input holds more than one document: leave one".to_owned());
        }
        let is_json = first.as_ref().is_some_and(|first| matches!(first.json, Cow::Borrowed(_)));
        // A document of nothing is passed over.
        let json = first.map_or_else(|| b"null".to_vec(), |document| document.json.into_owned());
        if json.len() > limit {
            return Err(format!("the input takes more than {limit} bytes as JSON (`limits.body`)"));
        }
        Ok(Self { json: json.into(), places: Places::read(text), is_json })
    }

    /// An error of the policy that read the input, with its line in the text, and what may help.
    pub(super) fn told(&self, error: &DecodeError) -> String {
        let mut error = error.clone();
        let mut line = None;
        if !self.is_json {
            error.line = 0;
            line = error.path.as_deref().and_then(|path| self.places.line(path));
        }
        let line = line.map(|line| format!(" (line {line})")).unwrap_or_default();
        let hint = if self.is_wrapped() { ": paste what is inside `input`" } else { "" };
        format!("{error}{line}{hint}")
    }

    /// It is the body of a request, `{"input": …}`.
    fn is_wrapped(&self) -> bool {
        serde_json::from_slice::<BTreeMap<String, &RawValue>>(&self.json)
            .is_ok_and(|fields| fields.keys().eq(["input"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let read = Input::read(text, 100);
        read.map(|input| String::from_utf8(input.json.to_vec()).unwrap())
    }

    #[test]
    fn one_document_is_read() {
        for (text, json) in [
            ("a: 1", "{\"a\":1}"),
            ("{\"a\": 1.0}", "{\"a\": 1.0}"),
            ("null", "null"),
            ("---\na: b\n---\n", "{\"a\":\"b\"}"),
            ("text", "\"text\""),
        ] {
            assert_eq!(read(text).unwrap(), json, "{text}");
        }
    }

    #[test]
    fn errors_have_the_line_of_the_text() {
        #[derive(Debug, serde::Deserialize)]
        struct Order {
            #[expect(dead_code, reason = "it is only read")]
            amount: u32,
        }
        for (text, expected) in [
            (
                "# An order.\namount: much",
                "expected a whole number from 0 to 4294967295, found the string \"much\", \
                 at `amount` (line 2)",
            ),
            (
                "{\n\"amount\": \"much\"}",
                "expected a whole number from 0 to 4294967295, found the string \"much\", \
                 at `amount` (line 2 column 16)",
            ),
            ("input: {amount: 1}", "missing field `amount`: paste what is inside `input`"),
        ] {
            let input = Input::read(text, 100).unwrap_or_else(|problem| panic!("{problem}"));
            let error = policy_api::decode::<Order>(&input.json).unwrap_err();
            assert_eq!(input.told(&error), expected);
        }
    }

    #[test]
    fn other_texts_are_told() {
        for (text, problem) in [
            (" \n", "the input is empty: paste YAML or JSON, or fill in an example"),
            ("a: 1\n---\nb: 2", "the input holds more than one document: leave one"),
            ("{} {}", "the input holds more than one document: leave one"),
            (&"a".repeat(101), "the input has 101 bytes: expected 100 at most (`limits.body`)"),
        ] {
            assert_eq!(read(text).unwrap_err(), problem, "{text}");
        }
        assert!(read("a: [").unwrap_err().starts_with("the input: "));
        let aliases = "a: &a xxxxxxxxxxxxxxxxxxxx\nb: [*a, *a, *a, *a, *a]";
        assert_eq!(
            read(aliases).unwrap_err(),
            "the input takes more than 100 bytes as JSON (`limits.body`)"
        );
    }
}
