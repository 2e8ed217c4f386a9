use hyper::body::Bytes;

use crate::documents::{Source, documents};
use crate::server::console::places::Places;

/// The input of a trial.
pub(super) struct Input {
    pub(super) json: Bytes,
    pub(super) places: Places,
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
        // A document of nothing is passed over.
        let json = first.map_or_else(|| b"null".to_vec(), |document| document.json.into_owned());
        if json.len() > limit {
            return Err(format!("the input takes more than {limit} bytes as JSON (`limits.body`)"));
        }
        Ok(Self { json: json.into(), places: Places::read(text) })
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
