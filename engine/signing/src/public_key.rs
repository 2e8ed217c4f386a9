use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey};
use pkcs8::EncodePublicKey as _;
use pkcs8::der::Document;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use policy_text::escape_line;
use sha2::{Digest as _, Sha256};

use crate::{KeyError, pem};

const EXPECTED: &str = "public key (`PUBLIC KEY`)";

/// A public key: ECDSA on P-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    fingerprint: Fingerprint,
}

/// The SHA-256 digest of a public key in DER (SPKI), printed as `sha256:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl PublicKey {
    /// Reads a key in SPKI, as PEM.
    ///
    /// # Errors
    /// When the text is no such key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (label, pem) = pem::first(text).ok_or(KeyError::NotPem { expected: EXPECTED })?;
        match label {
            "PUBLIC KEY" => {}
            "CERTIFICATE" => return Err(KeyError::Certificate),
            _ if label.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
            _ => {
                let label = escape_line(label).into_owned();
                return Err(KeyError::OtherPem { label, expected: EXPECTED });
            }
        }
        let malformed = |error: &dyn fmt::Display| KeyError::Malformed {
            label: label.to_owned(),
            reason: error.to_string(),
        };
        let (_, document) = Document::from_pem(pem).map_err(|error| malformed(&error))?;
        let info = SubjectPublicKeyInfoRef::try_from(document.as_bytes())
            .map_err(|error| malformed(&error))?;
        pem::check_algorithm(&info.algorithm)?;
        let bytes = info.subject_public_key.as_bytes().unwrap_or_default();
        let key = VerifyingKey::from_sec1_bytes(bytes);
        key.map(Self::from).map_err(|_| KeyError::Invalid("it names no point of P-256".to_owned()))
    }

    /// The digest that the key is told by.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Checks a signature in DER.
    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let signature = DerSignature::from_bytes(signature);
        signature.is_ok_and(|signature| self.key.verify(bytes, &signature).is_ok())
    }
}

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        // Any point of the curve has such a form.
        let der = p256::PublicKey::from(key)
            .to_public_key_der()
            .map(Document::into_vec)
            .unwrap_or_default();
        Self { key, fingerprint: Fingerprint(Sha256::digest(der).into()) }
    }
}

impl Fingerprint {
    /// The fingerprint in Base64, as `cosign` gives it in bundles.
    pub(crate) fn hint(self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    /// The fingerprint that a hint is, as `cosign` writes it.
    pub(crate) fn from_hint(hint: &str) -> Option<Self> {
        Some(Self(BASE64_STANDARD.decode(hint).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}
