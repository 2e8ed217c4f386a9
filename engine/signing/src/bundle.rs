use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use policy_text::escape_line;
use serde::{Deserialize, Serialize};

use crate::{Fingerprint, PrivateKey, PublicKey, Statement, StatementError};

/// The media type of bundles of version 0.3.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The same version by its older name.
const BUNDLE_BY_PARAMETER: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
/// The type of what is signed.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Base64, which others write without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A Sigstore bundle: a DSSE envelope with a statement, and by whom it is signed. What it says is a
/// claim until it is verified.
#[derive(Debug, Clone)]
pub struct Bundle {
    signer: Signer,
    claimed: Statement,
    signature: Vec<u8>,
}

/// The signer that a bundle names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// A key, by its fingerprint.
    Key(Fingerprint),
    /// A key, by another hint.
    Hint(String),
    /// The holder of a certificate, as with keyless signing.
    Certificate,
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(fingerprint) => write!(f, "the key {fingerprint}"),
            Self::Hint(hint) => write!(f, "a key called `{}`", escape_line(hint)),
            Self::Certificate => f.write_str("a certificate"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: String,
    verification_material: Material,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<Envelope>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<Hint>,
    #[serde(default, skip_serializing)]
    certificate: Option<serde::de::IgnoredAny>,
    #[serde(default, skip_serializing)]
    x509_certificate_chain: Option<serde::de::IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
struct Hint {
    #[serde(default)]
    hint: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    sig: String,
}

impl Bundle {
    /// Signs a statement.
    #[must_use]
    pub fn sign(statement: &Statement, key: &PrivateKey) -> Self {
        Self {
            signer: Signer::Key(key.public_key().fingerprint()),
            claimed: statement.clone(),
            signature: key.sign(&pre_authentication_encoding(statement.bytes())),
        }
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// When the bytes are no bundle of version 0.3 with one signed statement.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        /// What any version has.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Outline {
            #[serde(default)]
            media_type: String,
        }
        let Outline { media_type } = serde_json::from_slice(bytes)?;
        if ![BUNDLE, BUNDLE_BY_PARAMETER].contains(&media_type.as_str()) {
            return Err(BundleError::Version(media_type));
        }
        let document: Document = serde_json::from_slice(bytes)?;
        let Material { public_key, certificate, x509_certificate_chain } =
            document.verification_material;
        let signer = match public_key {
            Some(Hint { hint }) => {
                Fingerprint::from_hint(&hint).map_or(Signer::Hint(hint), Signer::Key)
            }
            None if certificate.is_some() || x509_certificate_chain.is_some() => {
                Signer::Certificate
            }
            None => return Err(BundleError::NoSigner),
        };
        let envelope = document.dsse_envelope.ok_or(BundleError::NoEnvelope)?;
        if envelope.payload_type != IN_TOTO {
            return Err(BundleError::Payload(envelope.payload_type));
        }
        let [signature] = envelope.signatures.as_slice() else {
            return Err(BundleError::Signatures(envelope.signatures.len()));
        };
        Ok(Self {
            signer,
            claimed: Statement::parse(&decode("payload", &envelope.payload)?)?,
            signature: decode("sig", &signature.sig)?,
        })
    }

    /// The bundle as JSON, as `cosign` writes it.
    ///
    /// # Errors
    /// None that a bundle could cause.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        let hint = match &self.signer {
            Signer::Key(fingerprint) => Some(fingerprint.hint()),
            Signer::Hint(hint) => Some(hint.clone()),
            Signer::Certificate => None,
        };
        Ok(serde_json::to_vec(&Document {
            media_type: BUNDLE.to_owned(),
            verification_material: Material {
                public_key: hint.map(|hint| Hint { hint }),
                certificate: None,
                x509_certificate_chain: None,
            },
            dsse_envelope: Some(Envelope {
                payload: BASE64.encode(self.claimed.bytes()),
                payload_type: IN_TOTO.to_owned(),
                signatures: vec![Signature { sig: BASE64.encode(&self.signature) }],
            }),
        })?)
    }

    /// The signer that the bundle names.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The statement as the bundle has it, whoever signed it.
    #[must_use]
    pub fn claimed(&self) -> &Statement {
        &self.claimed
    }

    /// Checks the signature, and gives the statement.
    ///
    /// # Errors
    /// When the bundle names another signer, or the key has not signed it.
    pub fn verify(&self, key: &PublicKey) -> Result<&Statement, VerifyError> {
        let signed = pre_authentication_encoding(self.claimed.bytes());
        let fingerprint = key.fingerprint();
        match &self.signer {
            Signer::Certificate => Err(VerifyError::Certificate),
            Signer::Key(found) if *found != fingerprint => {
                Err(VerifyError::OtherKey { found: self.signer.clone(), expected: fingerprint })
            }
            // Another hint only says what others call the key.
            Signer::Key(_) | Signer::Hint(_) if key.has_signed(&signed, &self.signature) => {
                Ok(&self.claimed)
            }
            Signer::Hint(_) => {
                Err(VerifyError::OtherKey { found: self.signer.clone(), expected: fingerprint })
            }
            Signer::Key(_) => Err(VerifyError::Signature { key: fingerprint }),
        }
    }
}

/// The bytes that are signed, by DSSE (<https://github.com/secure-systems-lab/dsse>).
fn pre_authentication_encoding(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {IN_TOTO} {} ", IN_TOTO.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, BundleError> {
    BASE64.decode(text).map_err(|error| BundleError::Base64 { field, reason: error.to_string() })
}

/// A reason why bytes are no bundle that can be read here.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum BundleError {
    #[error("it is not the JSON document that it should be: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it has the media type `{}`, expected `{BUNDLE}`", escape_line(.0))]
    Version(String),
    #[error("it names neither a key nor a certificate")]
    NoSigner,
    #[error("it holds no DSSE envelope")]
    NoEnvelope,
    #[error("its envelope holds `{}`, expected `{IN_TOTO}`", escape_line(.0))]
    Payload(String),
    #[error("it has {0} signatures, expected one")]
    Signatures(usize),
    #[error("its `{field}` is no Base64: {reason}")]
    Base64 { field: &'static str, reason: String },
    #[error("its statement cannot be read: {0}")]
    Statement(#[from] StatementError),
}

/// A reason why a bundle does not hold for a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum VerifyError {
    #[error("it is signed by {found}, expected the key {expected}")]
    OtherKey { found: Signer, expected: Fingerprint },
    #[error(
        "it names the key {key}, and its signature is not of that key: the statement or the \
         signature was changed"
    )]
    Signature { key: Fingerprint },
    #[error(
        "it is signed with a certificate, without a key, and certificates are not checked here: \
         use `cosign verify`"
    )]
    Certificate,
}
