use std::borrow::Cow;

use policy_api::DecodeError;
use serde_json::value::RawValue;

use super::DocumentError;
use super::document::{Document, DocumentOrigin};

/// The documents of a text that holds JSON values one after another, on one line each or on many.
pub(super) fn documents(text: &[u8]) -> Documents<'_> {
    Documents { text, offset: 0, line: 0, line_start: 0 }
}

pub(super) struct Documents<'a> {
    text: &'a [u8],
    /// The position up to which the text is read.
    offset: usize,
    /// The line that `offset` is on, counted from 0, and where that line begins.
    line: usize,
    line_start: usize,
}

impl<'a> Iterator for Documents<'a> {
    type Item = Result<Document<'a>, DocumentError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.offset..)?;
        self.advance(
            self.offset + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count(),
        );
        let rest = self.text.get(self.offset..).filter(|rest| !rest.is_empty())?;
        let origin =
            DocumentOrigin::Json { line: self.line, column: self.offset - self.line_start };

        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<&'a RawValue>();
        match values.next()? {
            Ok(value) => {
                self.advance(self.offset + values.byte_offset());
                Some(Ok(Document { json: Cow::Borrowed(value.get().as_bytes()), origin }))
            }
            Err(error) => {
                let nothing = Document { json: Cow::Borrowed(b""), origin };
                let explained = nothing.explain(&DecodeError::from(&error));
                self.advance(self.offset + next_start(rest, &error));
                Some(Err(explained))
            }
        }
    }
}

impl Documents<'_> {
    fn advance(&mut self, to: usize) {
        let passed = self.text.get(self.offset..to).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        if let Some(last) = passed.iter().rposition(|byte| *byte == b'\n') {
            self.line_start = self.offset + last + 1;
        }
        self.offset = to;
    }
}

/// The start of the next document after a broken one: the first line, from the one where
/// the error was found, that opens an object with its first character, as JSON lines and values
/// printed one after another do. What was read is not read again, so that this stays linear.
fn next_start(rest: &[u8], error: &serde_json::Error) -> usize {
    if rest.first() != Some(&b'{') || error.is_eof() {
        return rest.len();
    }
    let passed: usize =
        rest.split_inclusive(|byte| *byte == b'\n').take(error.line() - 1).map(<[u8]>::len).sum();
    let line = rest.get(passed..).unwrap_or_default();
    if passed > 0 && line.first() == Some(&b'{') {
        return passed;
    }
    line.windows(2).position(|pair| pair == b"\n{").map_or(rest.len(), |at| passed + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        documents(text.as_bytes())
            .map(|document| match document {
                Ok(document) => String::from_utf8(document.json.into_owned()).unwrap(),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn concatenated_values_are_separate_documents() {
        assert_eq!(all("{\"a\": 1}\n{\"b\":\n2} [3]  \n"), ["{\"a\": 1}", "{\"b\":\n2}", "[3]"]);
        assert!(all(" \n ").is_empty());
    }

    #[test]
    fn documents_after_a_malformed_one_are_read() {
        assert_eq!(
            all("{\"a\": 1\n{\"b\": 2}\n{\"c\": }\n  {\"d\": 3}\n{\"e\": 4}"),
            [
                "line 2 column 1: expected `,` or `}`",
                "{\"b\": 2}",
                "line 3 column 7: expected value",
                "{\"e\": 4}"
            ]
        );
        assert_eq!(all("[1,\n{\"a\": ]}\n{}"), ["line 2 column 7: expected value"]);
        assert_eq!(
            all("{\"a\": [\n{}\n{\"b\": 2}"),
            ["line 3 column 1: expected `,` or `]`", "{\"b\": 2}"]
        );
    }

    #[test]
    fn positions_refer_to_the_file() {
        let text = "{}\n  {\"a\":\n \"x\"}";
        let document = documents(text.as_bytes()).nth(1).unwrap().unwrap();
        let place = |error: DecodeError| document.explain(&error).to_string();
        let error = policy_api::decode::<policy_api::NoSettings>(&document.json).unwrap_err();
        assert!(place(error).starts_with("line 2 column 6: unknown field `a`"));
        let error = policy_api::decode::<HashMap<String, u8>>(&document.json).unwrap_err();
        assert!(place(error).starts_with("line 3 column 4: expected a whole number"));
    }

    #[test]
    fn unclosed_document_is_scanned_once() {
        let text = "{\"a\":[\n".repeat(100_000);
        assert_eq!(all(&text), ["line 100001 column 1: EOF while parsing a list"]);
        assert_eq!(all(&(text + "]")).len(), 1);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r#"[{}\[\]",:a1\n ]{0,60}"#) {
            prop_assert!(all(&text).len() <= text.len());
        }
    }
}
