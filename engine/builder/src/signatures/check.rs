use oci_spec::image::{Descriptor, ImageManifest};
use serde_json::{Value, json};

use super::documents::{DOCUMENTS, DocumentKind};
use super::error::SignatureError;
use super::parts::{FoundBundle, Part, Parts};
use crate::audit::Described;
use policy_oci::store::{self, LARGEST_MANIFEST, Store, StoreError};
use policy_signing::{Bundle, IMAGE_SIGNATURE, PublicKey, Statement, VerifyError};

/// The size limit of a layer, which is read as a whole.
const LARGEST_LAYER: u64 = 1 << 30;

/// What was found to be signed.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The documents, by platform where there are several.
    pub(crate) documents: Vec<(Option<String>, &'static str)>,
    /// Referrers of other kinds or by other signers, which say nothing here.
    pub(crate) others: Vec<String>,
}

impl Checked {
    /// The result as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let documents = self.documents.iter();
        let documents: Vec<_> = documents
            .map(|(platform, name)| json!({"platform": platform, "document": name}))
            .collect();
        json!({"documents": documents, "notLookedAt": self.others})
    }

    /// The result as lines of text.
    pub(crate) fn lines(&self) -> Vec<String> {
        let signed = self.documents.iter().map(|(platform, name)| match platform {
            Some(platform) => format!("signed    {name} for {platform}"),
            None => format!("signed    {name}"),
        });
        let others = self.others.iter().map(|other| format!("note      not looked at: {other}"));
        signed.chain(others).collect()
    }
}

/// Checks that a key has signed an image and all documents of it that this program writes, and that the
/// image is, to its last layer, what is signed.
pub(crate) fn check(
    image: &str,
    store: &dyn Store,
    described: &Described,
    parts: &Parts,
    key: &PublicKey,
) -> Result<Checked, SignatureError> {
    let mut checked = Checked::default();
    check_image(image, &parts.root, key)?;
    for part in parts.all() {
        part.check_count()?;
        for kind in &DOCUMENTS {
            if check_documents(part, kind, key)? {
                checked.documents.push((part.platform.clone(), kind.name));
            }
        }
        checked.others.extend(others(part, key));
    }
    for platform in &described.platforms {
        check_content(image, store, &platform.manifest)?;
    }
    Ok(checked)
}

/// Checks that a key has signed a part itself.
fn check_image(image: &str, part: &Part, key: &PublicKey) -> Result<(), SignatureError> {
    let (image, subject) = (|| image.to_owned(), || part.digest().to_string());
    let mut why = None;
    for (found, bundle) in claiming(part, IMAGE_SIGNATURE) {
        let bundle_digest = found.digest.to_string();
        let statement = match bundle.verify(key) {
            Ok(statement) => statement,
            Err(error) => {
                if says_more(why.is_some(), &error) {
                    let (image, bundle, error) = (image(), bundle_digest, Box::new(error));
                    why = Some(SignatureError::Signature { image, bundle, error });
                }
                continue;
            }
        };
        if statement.names(part.digest().digest()) {
            return Ok(());
        }
        why = Some(SignatureError::OtherImage {
            image: image(),
            bundle: bundle_digest,
            says: subjects(statement),
            subject: subject(),
        });
    }
    let unreadable = unreadable(part);
    Err(why.unwrap_or_else(|| SignatureError::NotSigned {
        image: image(),
        subject: subject(),
        unreadable,
    }))
}

/// Checks that a key has signed every document of a kind, and that what it has signed is there. Returns
/// whether there is one.
fn check_documents(
    part: &Part,
    kind: &'static DocumentKind,
    key: &PublicKey,
) -> Result<bool, SignatureError> {
    let subject = || part.digest().to_string();
    let mut signed = Vec::new();
    let mut why = None;
    for (found, bundle) in claiming(part, kind.predicate_type) {
        let bundle_digest = found.digest.to_string();
        match bundle.verify(key) {
            Ok(statement) if statement.names(part.digest().digest()) => {
                signed.push((bundle_digest, statement));
            }
            Ok(statement) => {
                why = Some(SignatureError::DocumentOfOther {
                    name: kind.name,
                    bundle: bundle_digest,
                    says: subjects(statement),
                    subject: subject(),
                });
            }
            Err(error) if says_more(why.is_some(), &error) => {
                why = Some(SignatureError::DocumentSignature {
                    name: kind.name,
                    bundle: bundle_digest,
                    subject: subject(),
                    error: Box::new(error),
                });
            }
            Err(_) => {}
        }
    }
    let mut documents = part.documents.iter().filter(|found| found.kind == kind).peekable();
    if documents.peek().is_none() {
        return match signed.into_iter().next() {
            None => Ok(false),
            Some((bundle, _)) => {
                Err(SignatureError::Removed { name: kind.name, bundle, subject: subject() })
            }
        };
    }
    for document in documents {
        if signed.iter().any(|(_, statement)| kind.is_in(statement, &document.bytes)) {
            continue;
        }
        let digest = document.digest.to_string();
        return Err(match (signed.into_iter().next(), why) {
            (Some((bundle, _)), _) => SignatureError::Replaced {
                name: kind.name,
                document: digest,
                subject: subject(),
                bundle,
            },
            (None, Some(why)) => why,
            (None, None) => SignatureError::Unsigned {
                name: kind.name,
                document: digest,
                subject: subject(),
                unreadable: unreadable(part),
            },
        });
    }
    Ok(true)
}

/// Reads the configuration and the layers of an image, which have to be what its manifest names.
fn check_content(
    image: &str,
    store: &dyn Store,
    descriptor: &Descriptor,
) -> Result<(), SignatureError> {
    let read = |error| SignatureError::Read { image: image.to_owned(), error: Box::new(error) };
    let differs = |what, error: StoreError| match error {
        error if error.is_damaged() => {
            SignatureError::Content { image: image.to_owned(), what, error: Box::new(error) }
        }
        error => read(error),
    };
    let manifest: ImageManifest =
        store::document(store, descriptor, LARGEST_MANIFEST).map_err(read)?;
    store::bounded(store, manifest.config(), LARGEST_MANIFEST)
        .map_err(|error| differs("configuration", error))?;
    for layer in manifest.layers() {
        store::bounded(store, layer, LARGEST_LAYER).map_err(|error| differs("layer", error))?;
    }
    Ok(())
}

/// Returns whether an error says more than one that is known: that a signature was changed is more than
/// that others have signed, too.
fn says_more(is_known: bool, error: &VerifyError) -> bool {
    !is_known || matches!(error, VerifyError::Signature { .. })
}

/// The bundles of a part whose statement is of a type.
fn claiming<'a>(
    part: &'a Part,
    predicate_type: &'a str,
) -> impl Iterator<Item = (&'a FoundBundle, &'a Bundle)> {
    let read = part.bundles.iter().filter_map(|found| Some((found, found.read.as_ref().ok()?)));
    read.filter(move |(_, bundle)| bundle.claimed().predicate_type() == predicate_type)
}

fn unreadable(part: &Part) -> Vec<(String, String)> {
    let bundles = part.bundles.iter();
    let errors = bundles.filter_map(|found| Some((found, found.read.as_ref().err()?)));
    errors.map(|(found, error)| (found.digest.to_string(), error.to_string())).collect()
}

fn subjects(statement: &Statement) -> String {
    let named: Vec<_> = statement.sha256().map(|sha256| format!("sha256:{sha256}")).collect();
    if named.is_empty() { "nothing".to_owned() } else { named.join(", ") }
}

/// The referrers of a part that the key says nothing of.
fn others(part: &Part, key: &PublicKey) -> Vec<String> {
    let bundles = part.bundles.iter().filter_map(|found| {
        let says = match &found.read {
            Ok(bundle) if bundle.verify(key).is_ok() => return None,
            Ok(bundle) => format!("a Sigstore bundle, signed by {}", bundle.signer()),
            Err(error) => format!("a Sigstore bundle; {error}"),
        };
        Some(format!("{}: {says}", found.digest))
    });
    let others = part.others.iter().map(|(digest, kind)| {
        format!("{digest}: {}", kind.as_deref().unwrap_or("a referrer of no type"))
    });
    bundles.chain(others).collect()
}
