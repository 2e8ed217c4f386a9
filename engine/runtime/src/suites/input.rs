use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy_api::DecodeError;

use super::review::Review;
use crate::documents::located::{ConfigError, Node};
use crate::documents::{Document, DocumentError, Source, SourceError, documents, without_place};

/// The most that is read of one file.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// The input of a case, and where its parts stand.
pub(super) struct Input {
    pub(super) json: Vec<u8>,
    /// Its parts, each with the path that it has in the input.
    parts: Vec<(&'static str, Part)>,
}

/// A value that a user wrote.
pub(super) enum Part {
    /// In the suite.
    Inline(Node),
    /// A document of a file, counted from 0.
    File { file: Arc<InputFile>, document: usize },
}

/// A file with the documents in it.
#[derive(Debug)]
pub(super) struct InputFile {
    source: Source,
    pub(super) documents: Vec<Result<Vec<u8>, DocumentError>>,
}

impl Input {
    /// An input that is written as it is.
    pub(super) fn of_part(part: Part) -> Self {
        Self { json: part.json(), parts: vec![("", part)] }
    }

    /// A review of one object, or of two.
    pub(super) fn of_review(
        review: Review,
        object: Option<Part>,
        old_object: Option<Part>,
    ) -> Self {
        let json = review.into_json(
            object.as_ref().map(Part::json).as_deref(),
            old_object.as_ref().map(Part::json).as_deref(),
        );
        let object = object.map(|part| ("request.object", part));
        let old_object = old_object.map(|part| ("request.oldObject", part));
        Self { json, parts: object.into_iter().chain(old_object).collect() }
    }

    /// A policy's error in this input, with its place in the user's file.
    pub(super) fn explain(&self, error: &DecodeError) -> String {
        let message = self.message(error);
        match self.part_at(error) {
            None => message,
            Some((path, Part::Inline(node))) => {
                ConfigError::at(&node.nearest(path).at, message).to_string()
            }
            Some((path, Part::File { file, document })) => {
                let mut text = format!("`{}`", file.source.name());
                let place = documents(&file.source)
                    .nth(*document)
                    .and_then(|read| read.ok().and_then(|document| place(&document, path)));
                if let Some((line, column)) = place {
                    let _ = write!(text, " line {line} column {column}");
                }
                text + ": " + &message
            }
        }
    }

    /// A policy's error in this input. Who wrote an object has not seen the review around it, so the
    /// path begins at the object.
    pub(super) fn message(&self, error: &DecodeError) -> String {
        match self.part_at(error) {
            Some((path, _)) if !path.is_empty() => {
                format!("{}, at `{}`", error.message, path.trim_start_matches('.'))
            }
            _ => without_place(error),
        }
    }

    /// The part that an error is in, and the path within.
    fn part_at<'a>(&'a self, error: &'a DecodeError) -> Option<(&'a str, &'a Part)> {
        let path = error.path.as_deref().unwrap_or_default();
        self.parts.iter().find_map(|(prefix, part)| {
            let rest = path.strip_prefix(prefix)?;
            let is_in = prefix.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']);
            is_in.then_some((rest, part))
        })
    }
}

fn place(document: &Document<'_>, path: &str) -> Option<(usize, usize)> {
    document.places().map(|places| places.nearest(path).at)
}

impl Part {
    /// The value as JSON text.
    pub(super) fn json(&self) -> Vec<u8> {
        match self {
            Self::Inline(node) => node.to_json().into_bytes(),
            Self::File { file, document } => match file.documents.get(*document) {
                Some(Ok(json)) => json.clone(),
                _ => Vec::new(),
            },
        }
    }
}

impl InputFile {
    pub(super) fn read(path: &Path) -> Result<Self, SourceError> {
        let source = Source::read(path, Some(MAX_FILE_BYTES))?;
        let documents = documents(&source)
            .map(|document| document.map(|document| document.json.into_owned()))
            .collect();
        Ok(Self { source, documents })
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn name(&self) -> &str {
        self.source.name()
    }
}

/// The path of a file that a suite names, which is relative to the suite's folder.
pub(super) fn path_from(folder: &Path, named: &str) -> PathBuf {
    // Without a `.` within.
    let path: PathBuf = folder.join(named).components().collect();
    // Of this name the source would be standard input.
    if path.as_os_str() == "-" { Path::new(".").join(path) } else { path }
}
