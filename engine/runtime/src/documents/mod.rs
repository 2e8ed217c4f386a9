//! The documents in files, each as JSON text that a policy decodes.

mod document;
mod error;
pub(crate) mod files;
mod json;
pub(crate) mod located;
mod source;
mod toml;
mod transcode;
pub(crate) mod tree;
mod value_at;
mod yaml;

pub use source::Source;
pub(crate) use source::SourceError;
pub(crate) use transcode::ToJson;
pub(crate) use value_at::value_at;

pub use document::Document;
pub(crate) use document::without_place;
pub use error::DocumentError;
use source::Format;
use tree::{Position, Tree};

/// Every document of a source, in order; one that cannot be read does not hide the next.
#[must_use]
pub fn documents<'a>(
    source: &'a Source,
) -> Box<dyn Iterator<Item = Result<Document<'a>, DocumentError>> + 'a> {
    match source.format() {
        Format::Json => Box::new(json::documents(source.bytes())),
        Format::Yaml => match utf8(source.bytes()) {
            Ok(text) => Box::new(yaml::documents(text).map(|read| read.map(Document::from))),
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
