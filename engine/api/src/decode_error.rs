use std::fmt;

use crate::wording;

/// An error in JSON text, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The field, as `spec.containers[0].image`; `None` for the text as a whole.
    pub path: Option<String>,
    /// The line, counted from 1; 0 where it is not known.
    pub line: usize,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// The value that was found and the one that was expected, in JSON's terms.
    pub message: String,
}

impl DecodeError {
    #[cold]
    pub(crate) fn too_deep(json: &[u8], offset: usize, deepest: usize) -> Self {
        Self::at(json, offset, format!("nested deeper than {deepest} levels"))
    }

    #[cold]
    pub(crate) fn not_utf8(json: &[u8], offset: usize) -> Self {
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
