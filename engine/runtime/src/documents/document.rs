use std::borrow::Cow;

use policy_api::DecodeError;

use super::DocumentError;
use super::tree::{Position, Tree};
use super::yaml::{self, YamlDocument};

/// One document of a source.
#[derive(Debug)]
pub struct Document<'a> {
    /// The document as JSON text: as it stands in the source where that is JSON.
    pub json: Cow<'a, [u8]>,
    pub(super) origin: DocumentOrigin<'a>,
}

/// The place of a document in its source.
#[derive(Debug, Clone, Copy)]
pub(super) enum DocumentOrigin<'a> {
    /// The line and the column that it begins at, both counted from 0.
    Json { line: usize, column: usize },
    /// Its text, and the line that it begins at, counted from 0.
    Yaml { text: &'a str, line: usize },
}

impl<'a> From<YamlDocument<'a>> for Document<'a> {
    fn from(document: YamlDocument<'a>) -> Self {
        let YamlDocument { json, text, line } = document;
        let origin = DocumentOrigin::Yaml { text, line };
        Self { json: Cow::Owned(json.into_bytes()), origin }
    }
}

impl Document<'_> {
    /// A policy's error in this document, with the place in the user's file.
    pub(crate) fn explain(&self, error: &DecodeError) -> DocumentError {
        let message = without_place(error);
        // Columns are 0 where a line ends too early; people count from 1.
        let in_error = error.column.max(1);
        let place = match self.origin {
            DocumentOrigin::Json { line, column } => Some(match error.line {
                // Not known: then the document's own beginning.
                0 => (line + 1, column + 1),
                1 => (line + 1, column + in_error),
                later => (line + later, in_error),
            }),
            DocumentOrigin::Yaml { text, line } => {
                let path = error.path.as_deref().unwrap_or_default();
                yaml::locate(text, path).map(|(in_text, column)| (line + in_text, column))
            }
        };
        DocumentError { message, place }
    }

    /// The place in the user's file that the document begins at.
    pub(crate) fn start(&self) -> Position {
        match self.origin {
            DocumentOrigin::Json { line, column } => (line + 1, column + 1),
            DocumentOrigin::Yaml { line, .. } => (line + 1, 1),
        }
    }

    /// The document once more, with the place of each part in the user's file.
    pub(crate) fn places(&self) -> Option<Tree<Position>> {
        match self.origin {
            DocumentOrigin::Json { line, column } => {
                let text = std::str::from_utf8(&self.json).ok()?;
                let in_file = move |(in_text, in_line): Position| {
                    (line + in_text, if in_text == 1 { column + in_line } else { in_line })
                };
                Some(yaml::json_tree(text).ok()??.placed(&in_file))
            }
            DocumentOrigin::Yaml { text, line } => {
                let in_file = move |(in_text, column): Position| (line + in_text, column);
                Some(yaml::places(text)?.placed(&in_file))
            }
        }
    }
}

/// The message of an error, with the path of its field.
pub(crate) fn without_place(error: &DecodeError) -> String {
    match &error.path {
        Some(path) => format!("{}, at `{path}`", error.message),
        None => error.message.clone(),
    }
}
