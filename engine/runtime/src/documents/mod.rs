//! The documents in files, each as JSON text that a policy decodes.

mod json;
pub(crate) mod located;
mod source;
mod toml;
mod transcode;
pub(crate) mod tree;
mod yaml;

use std::borrow::Cow;
use std::fmt;

use policy_api::DecodeError;

pub use source::Source;
pub(crate) use source::SourceError;
pub(crate) use transcode::ToJson;

use source::Format;
use tree::{Position, Tree};

/// One document of a source.
#[derive(Debug)]
pub struct Document<'a> {
    /// The document as JSON text: as it stands in the source where that is JSON.
    pub json: Cow<'a, [u8]>,
    origin: DocumentOrigin<'a>,
}

/// The place of a document in its source.
#[derive(Debug, Clone, Copy)]
enum DocumentOrigin<'a> {
    /// The line and the column that it begins at, both counted from 0.
    Json { line: usize, column: usize },
    /// Its text, and the line that it begins at, counted from 0.
    Yaml { text: &'a str, line: usize },
}

/// Every document of a source, in order; one that cannot be read does not hide the next.
#[must_use]
pub fn documents<'a>(
    source: &'a Source,
) -> Box<dyn Iterator<Item = Result<Document<'a>, DocumentError>> + 'a> {
    match source.format() {
        Format::Json => Box::new(json::documents(source.bytes())),
        Format::Yaml => match utf8(source.bytes()) {
            Ok(text) => Box::new(yaml::documents(text)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        },
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, DocumentError> {
    std::str::from_utf8(bytes).map_err(|error| DocumentError {
        message: format!("the text is not UTF-8, at byte {}", error.valid_up_to() + 1),
        place: None,
    })
}

/// The document of a source that must not have two, such as a settings file.
pub(crate) fn single_document(source: &Source) -> Result<Option<Document<'_>>, String> {
    let mut all = documents(source);
    let first = all.next().transpose().map_err(|error| error.to_string())?;
    match all.next() {
        None => Ok(first),
        Some(_) => Err("holds more than one document: expected one object".to_owned()),
    }
}

/// The one document of a text in YAML, as JSON text; `None` where it holds none, or null. What is
/// made of it takes at most about `room` bytes.
pub(crate) fn yaml_to_json(bytes: &[u8], room: usize) -> Result<Option<String>, DocumentError> {
    yaml::to_json(utf8(bytes)?, room)
}

/// The one document of a source whose name says that it is TOML, YAML or JSON, with the places of
/// everything in it; `None` where it holds none.
pub(crate) fn tree(source: &Source) -> Result<Option<Tree<Position>>, DocumentError> {
    let text = utf8(source.bytes())?;
    match source.extension() {
        Some("toml") => toml::tree(text).map(Some),
        Some("yaml" | "yml") => yaml::single_tree(text),
        // Only the reader of YAML tells places.
        Some("json") => yaml::json_tree(text),
        _ => Err(DocumentError {
            message: "its name does not say what is in it: expected one that ends in `.toml`, \
                      `.yaml`, `.yml` or `.json`"
                .to_owned(),
            place: None,
        }),
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
}

/// The message of an error, with the path of its field.
pub(crate) fn without_place(error: &DecodeError) -> String {
    match &error.path {
        Some(path) => format!("{}, at `{path}`", error.message),
        None => error.message.clone(),
    }
}

/// The reason why there is no document where there should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    pub(crate) message: String,
    /// Line and column in the file, counted from 1.
    pub(crate) place: Option<Position>,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line} column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for DocumentError {}
