use std::fmt;

use super::documents::DOCUMENTS;
use super::error::SignatureError;
use super::parts::{Part, Parts};
use policy_oci::image::{Attachment, Referrer};
use policy_signing::{BUNDLE, Bundle, PrivateKey, Statement};

/// A signature that was made.
#[derive(Debug)]
pub(crate) struct Signed {
    subject: SignedSubject,
    referrer: Referrer,
}

/// What a signature is of.
#[derive(Debug)]
pub(crate) struct SignedSubject {
    pub(crate) name: &'static str,
    /// The platform, where it is one of several.
    pub(crate) platform: Option<String>,
}

impl Signed {
    /// What is signed, and the signature.
    pub(crate) fn into_parts(self) -> (SignedSubject, Referrer) {
        (self.subject, self.referrer)
    }
}

impl fmt::Display for SignedSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.platform {
            Some(platform) => write!(f, "{} for {platform}", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// Signs an image, and each document that refers to it or to its platforms' images; with `recursive`
/// the platforms' images as well, as `cosign sign --recursive` does.
pub(crate) fn sign(
    image: &str,
    parts: &Parts,
    key: &PrivateKey,
    recursive: bool,
) -> Result<Vec<Signed>, SignatureError> {
    let mut signed = Vec::new();
    for part in parts.all() {
        part.check_count()?;
        let sha256 = part.digest().digest();
        let mut add = |name, statement: &Statement| {
            let bundle = Bundle::sign(statement, key).to_json()?;
            let bundle = Attachment::bundle(BUNDLE, bundle, statement.predicate_type());
            let referrer = Referrer::new(&bundle, &part.descriptor, part.created)?;
            let subject = SignedSubject { name, platform: part.platform.clone() };
            signed.push(Signed { subject, referrer });
            Ok::<_, SignatureError>(())
        };
        if part.platform.is_none() || recursive {
            let statement = Statement::of_image(sha256).map_err(|error| {
                let document = part.digest().to_string();
                SignatureError::Document { image: image.to_owned(), name: "image", document, error }
            })?;
            add("image", &statement)?;
        }
        for (name, statement) in statements(image, part)? {
            add(name, &statement)?;
        }
    }
    Ok(signed)
}

/// The statements that sign the documents of a part.
fn statements(image: &str, part: &Part) -> Result<Vec<(&'static str, Statement)>, SignatureError> {
    let image = || image.to_owned();
    let mut statements = Vec::new();
    for kind in &DOCUMENTS {
        let found: Vec<_> = part.documents.iter().filter(|found| found.kind == kind).collect();
        let document = match found.as_slice() {
            [] => continue,
            [document] => document,
            // Others may attach what they like, and that is nothing to sign.
            several => {
                return Err(SignatureError::Ambiguous {
                    image: image(),
                    subject: part.digest().to_string(),
                    name: kind.name,
                    count: several.len(),
                    listed: several.iter().map(|found| format!("`{}`", found.digest)).collect(),
                });
            }
        };
        let digest = document.digest.to_string();
        let sha256 = part.digest().digest();
        let statement = kind.statement(sha256, &document.bytes).map_err(|error| {
            let document = digest.clone();
            SignatureError::Document { image: image(), name: kind.name, document, error }
        })?;
        if !statement.names(sha256) {
            let subject = part.digest().to_string();
            return Err(SignatureError::Foreign { image: image(), document: digest, subject });
        }
        statements.push((kind.name, statement));
    }
    Ok(statements)
}
