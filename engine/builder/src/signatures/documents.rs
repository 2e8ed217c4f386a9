//! The documents that this program attaches to images, and how each is signed: by one list, for signing
//! and for checking.

use crate::steps::provenance::VEX;
use crate::steps::provenance::statement::PROVENANCE;
use policy_oci::image::{SBOM, STATEMENT};
use policy_signing::{IMAGE_SIGNATURE, Statement, StatementError};

/// A kind of document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DocumentKind {
    /// The type of its referrers.
    pub(super) artifact_type: &'static str,
    /// The type of the statement that signs it, as `cosign verify-attestation --type` knows it.
    pub(super) predicate_type: &'static str,
    /// The name for people.
    pub(crate) name: &'static str,
    /// What the statement has of it.
    form: Form,
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// The document is the predicate.
    Predicate,
    /// The document is the statement.
    Statement,
}

/// Every kind of document that is signed.
pub(super) const DOCUMENTS: [DocumentKind; 3] = [
    DocumentKind {
        artifact_type: SBOM,
        predicate_type: "https://cyclonedx.org/bom",
        name: "bill of materials",
        form: Form::Predicate,
    },
    DocumentKind {
        artifact_type: STATEMENT,
        predicate_type: PROVENANCE,
        name: "provenance",
        form: Form::Statement,
    },
    DocumentKind {
        artifact_type: STATEMENT,
        predicate_type: VEX,
        name: "OpenVEX document",
        form: Form::Statement,
    },
];

/// The name for people of what a statement of this type signs.
pub(crate) fn name(predicate_type: &str) -> &str {
    let mut kinds = DOCUMENTS.iter();
    match kinds.find(|kind| kind.predicate_type == predicate_type) {
        Some(kind) => kind.name,
        None if predicate_type == IMAGE_SIGNATURE => "image",
        None => predicate_type,
    }
}

impl DocumentKind {
    /// The kind of a document by the type of its referrer; a statement of another type is of none.
    pub(super) fn find(artifact_type: &str, document: &[u8]) -> Option<&'static Self> {
        let mut kinds = DOCUMENTS.iter().filter(|kind| kind.artifact_type == artifact_type);
        kinds.find(|kind| match kind.form {
            Form::Predicate => true,
            Form::Statement => Statement::parse(document)
                .is_ok_and(|statement| statement.predicate_type() == kind.predicate_type),
        })
    }

    /// The statement that signs a document of an image.
    pub(super) fn statement(
        &self,
        sha256: &str,
        document: &[u8],
    ) -> Result<Statement, StatementError> {
        match self.form {
            Form::Predicate => Statement::of_document(sha256, self.predicate_type, document),
            Form::Statement => Statement::parse(document),
        }
    }

    /// Returns whether a statement has a document, byte by byte.
    pub(super) fn is_in(&self, statement: &Statement, document: &[u8]) -> bool {
        let signed = match self.form {
            Form::Predicate => statement.predicate(),
            Form::Statement => statement.bytes(),
        };
        signed.trim_ascii() == document.trim_ascii()
    }
}
