use std::fmt;

use serde::Deserialize;

use crate::{nesting, wording};

/// Decodes JSON text into a type of the policy's own, borrowing from the text where it wants to.
///
/// # Errors
/// Text that is not JSON, is nested deeper than [`crate::MAX_NESTING`], or has another shape.
pub fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, DecodeError> {
    nesting::check(json)?;
    // At once for the whole text: `from_slice` would do it for each string, which takes longer.
    let text =
        str::from_utf8(json).map_err(|error| DecodeError::not_utf8(json, error.valid_up_to()))?;
    // Tracking the path costs time on every field, so only what failed is decoded again with it.
    serde_json::from_str(text).map_err(|error| explain::<T>(text, &error))
}

#[cold]
fn explain<'a, T: Deserialize<'a>>(text: &'a str, error: &serde_json::Error) -> DecodeError {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let path = serde_path_to_error::deserialize::<_, T>(&mut deserializer)
        .err()
        .map(|error| error.path().to_string())
        .filter(|path| error.is_data() && path != ".");
    DecodeError { path, ..error.into() }
}

/// What is wrong with some JSON text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The field, as `spec.containers[0].image`; `None` for the text as a whole.
    pub path: Option<String>,
    /// The line, counted from 1; 0 where it is not known.
    pub line: usize,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// What was found and what was expected, in JSON's terms.
    pub message: String,
}

impl DecodeError {
    #[cold]
    pub(crate) fn too_deep(json: &[u8], offset: usize) -> Self {
        Self::at(json, offset, format!("nested deeper than {} levels", crate::MAX_NESTING))
    }

    #[cold]
    fn not_utf8(json: &[u8], offset: usize) -> Self {
        Self::at(json, offset, "expected text in UTF-8".to_owned())
    }

    fn at(json: &[u8], offset: usize, message: String) -> Self {
        let before = json.get(..offset).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Self {
            path: None,
            line: before.split(|byte| *byte == b'\n').count(),
            column: 1 + offset - line_start,
            message,
        }
    }
}

impl From<&serde_json::Error> for DecodeError {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            path: None,
            line: error.line(),
            column: error.column(),
            message: wording::in_json_terms(error),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(path) = &self.path {
            write!(f, ", at `{path}`")?;
        }
        if self.line > 0 {
            let joint = if self.path.is_some() { " (" } else { ", at " };
            write!(f, "{joint}line {} column {}", self.line, self.column)?;
            if self.path.is_some() {
                f.write_str(")")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[derive(Debug, Deserialize)]
    struct Pod<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        containers: Vec<Container>,
    }

    #[derive(Debug, Deserialize)]
    struct Container {
        #[expect(dead_code, reason = "only its shape matters here")]
        port: u16,
    }

    fn message(json: &str) -> String {
        decode::<Pod<'_>>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn strings_are_borrowed_from_the_request() {
        let pod: Pod<'_> = decode(br#"{"name": "a", "containers": []}"#).unwrap();
        assert!(matches!(pod.name, Cow::Borrowed("a")));
        assert!(pod.containers.is_empty());
    }

    #[test]
    fn a_wrong_field_is_named_with_its_place() {
        assert_eq!(
            message("{\"name\": \"a\",\n \"containers\": [{\"port\": \"x\"}]}"),
            "expected a whole number from 0 to 65535, found the string \"x\", \
             at `containers[0].port` (line 2 column 28)"
        );
        assert_eq!(message(r#"{"name": "a"}"#), "missing field `containers`, at line 1 column 13");
    }

    #[test]
    fn text_is_utf_8_even_where_nobody_reads_it() {
        let json = b"{\"name\": \"a\", \"containers\": [],\n \"other\": \"\xe9\"}";
        let error = decode::<Pod<'_>>(json).unwrap_err();
        assert_eq!(error.to_string(), "expected text in UTF-8, at line 2 column 12");
    }

    #[test]
    fn text_that_is_not_json_is_told_by_place_alone() {
        assert_eq!(message(r#"{"name": }"#), "expected value, at line 1 column 10");
        assert_eq!(message("true"), "expected an object, found `true`, at line 1 column 4");
    }
}
