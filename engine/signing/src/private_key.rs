use std::fmt;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use pkcs8::der::SecretDocument;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use policy_text::escape_line;

use crate::{KeyError, PublicKey, pem};

const EXPECTED: &str = "private key in PKCS#8 (`PRIVATE KEY` or `ENCRYPTED PRIVATE KEY`)";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A private key: ECDSA on P-256. Its memory is zeroed when it is dropped.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Reads a key in PKCS#8, as PEM, and decrypts it where it is encrypted.
    ///
    /// # Errors
    /// When the text is no such key, or the passphrase is missing or another one.
    pub fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let (label, pem) = pem::first(text).ok_or(KeyError::NotPem { expected: EXPECTED })?;
        match label {
            "PRIVATE KEY" | ENCRYPTED => {}
            "PUBLIC KEY" => return Err(KeyError::Public),
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                return Err(KeyError::Cosign);
            }
            "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
                return Err(KeyError::Traditional(label.to_owned()));
            }
            _ => {
                let label = escape_line(label).into_owned();
                return Err(KeyError::OtherPem { label, expected: EXPECTED });
            }
        }
        let (_, document) = SecretDocument::from_pem(pem).map_err(|error| KeyError::Malformed {
            label: label.to_owned(),
            reason: error.to_string(),
        })?;
        if label == ENCRYPTED {
            let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
            return Self::from_der(decrypt(&document, passphrase)?.as_bytes());
        }
        Self::from_der(document.as_bytes())
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let invalid = |error: &dyn fmt::Display| KeyError::Invalid(error.to_string());
        let info = PrivateKeyInfoRef::try_from(der).map_err(|error| invalid(&error))?;
        pem::check_algorithm(&info.algorithm)?;
        SigningKey::try_from(info).map(Self).map_err(|error| invalid(&error))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from(*self.0.verifying_key())
    }

    /// Signs bytes: a signature in DER, the same every time (RFC 6979).
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.0.sign(bytes);
        signature.as_bytes().to_vec()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrivateKey").field(&self.public_key().fingerprint()).finish()
    }
}

fn decrypt(document: &SecretDocument, passphrase: &[u8]) -> Result<SecretDocument, KeyError> {
    let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|error| KeyError::Invalid(error.to_string()))?;
    info.decrypt(passphrase).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) => {
            KeyError::Passphrase
        }
        pkcs8::Error::EncryptedPrivateKey(error) => KeyError::Encryption(error.to_string()),
        // What another passphrase makes of it is no key, now and then.
        _ => KeyError::Passphrase,
    })
}
