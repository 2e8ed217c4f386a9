use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The type of the statement that signs an image, as `cosign` has it.
pub const IMAGE_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The type of in-toto statements.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// An older version of them, which differs in its name alone.
const STATEMENT_V0_1: &str = "https://in-toto.io/Statement/v0.1";

/// An in-toto statement: what it says of which digests. Its bytes stay as they are.
#[derive(Debug, Clone)]
pub struct Statement {
    bytes: Vec<u8>,
    subjects: Vec<BTreeMap<String, String>>,
    predicate_type: String,
    predicate: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    #[serde(default = "null")]
    predicate: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

fn null() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

impl Statement {
    /// Says that the image of this SHA-256 digest, in hexadecimal, is signed.
    ///
    /// # Errors
    /// None that a digest could cause.
    pub fn of_image(sha256: &str) -> Result<Self, StatementError> {
        Self::of_document(sha256, IMAGE_SIGNATURE, b"{}")
    }

    /// Says that a JSON document belongs to what the SHA-256 digest names. The document is in the
    /// statement byte by byte.
    ///
    /// # Errors
    /// When the document is no JSON.
    pub fn of_document(
        sha256: &str,
        predicate_type: &str,
        document: &[u8],
    ) -> Result<Self, StatementError> {
        let digest = BTreeMap::from([("sha256".to_owned(), sha256.to_owned())]);
        let document = Document {
            kind: STATEMENT.to_owned(),
            subject: vec![Subject { digest }],
            predicate_type: predicate_type.to_owned(),
            predicate: serde_json::from_slice(document)?,
        };
        Self::new(serde_json::to_vec(&document)?, document)
    }

    /// Reads a statement.
    ///
    /// # Errors
    /// When the bytes are no in-toto statement.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        Self::new(bytes.to_vec(), serde_json::from_slice(bytes)?)
    }

    fn new(bytes: Vec<u8>, document: Document) -> Result<Self, StatementError> {
        let Document { kind, subject, predicate_type, predicate } = document;
        if ![STATEMENT, STATEMENT_V0_1].contains(&kind.as_str()) {
            return Err(StatementError::Type(kind));
        }
        let subjects = subject.into_iter().map(|subject| subject.digest).collect();
        Ok(Self { bytes, subjects, predicate_type, predicate })
    }

    /// The statement's own bytes, which are what is signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The type of what is said.
    #[must_use]
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// What is said, as it was written.
    #[must_use]
    pub fn predicate(&self) -> &[u8] {
        self.predicate.get().as_bytes()
    }

    /// Returns whether something is said of this SHA-256 digest, in hexadecimal.
    #[must_use]
    pub fn names(&self, sha256: &str) -> bool {
        self.sha256().any(|found| found == sha256)
    }

    /// The SHA-256 digests of which something is said.
    pub fn sha256(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().filter_map(|digests| digests.get("sha256")).map(String::as_str)
    }
}

/// A reason why a document is no statement.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum StatementError {
    #[error("it is not the JSON document that it should be: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it has the type `{0}`, expected `{STATEMENT}`")]
    Type(String),
}
