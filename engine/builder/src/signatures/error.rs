use std::io;

use crate::audit::DescribeError;
use policy_oci::ImageError;
use policy_oci::attach::AttachError;
use policy_oci::store::StoreError;
use policy_signing::{BundleError, KeyError, StatementError, VerifyError};

/// A failure to read a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    #[error("failed to read the key `{name}`: {error}")]
    Read { name: String, error: io::Error },
    #[error(
        "failed to read the key `{name}`: the variable is not set\nhelp: set it to the key itself, as \
         PEM"
    )]
    NotSet { name: String },
    #[error(
        "failed to read the key `{name}`: expected a file, or `env://NAME` for a variable\nhelp: keys \
         in a key management service are for `cosign sign --key`"
    )]
    Scheme { name: String },
    #[error(
        "failed to read the key `{name}`: it has more than {most} bytes, expected a key in PEM"
    )]
    Large { name: String, most: u64 },
    #[error("failed to read the key `{name}`: it is no text, expected a key in PEM")]
    NotText { name: String },
    #[error(
        "failed to read the key `{name}`: {error}\nhelp: name a file or a variable that holds the \
         passphrase, by `--passphrase FILE` or `--passphrase env://NAME`"
    )]
    Encrypted { name: String, error: KeyError },
    #[error("failed to read the key `{name}`: {error}")]
    Key { name: String, error: KeyError },
}

/// A failure to sign an image, or a signature that does not hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error(transparent)]
    Describe(#[from] DescribeError),
    #[error("failed to read the image `{image}`: {error}")]
    Read { image: String, error: Box<StoreError> },
    #[error(
        "failed to sign the image `{image}`: {error}\nhelp: sign it as it is pushed, with \
         `policy-builder push {image} REFERENCE --sign --key KEY`, or in its registry with \
         `policy-builder sign REFERENCE --key KEY`"
    )]
    Archive { image: String, error: Box<AttachError> },
    #[error("failed to sign the image `{image}`: {error}")]
    Attach { image: String, error: Box<AttachError> },
    #[error(
        "failed to sign the image `{image}`: `{subject}` has {count} documents of one kind ({name}): \
         {}; expected one\nhelp: remove those that are not yours", listed.join(", ")
    )]
    Ambiguous {
        image: String,
        subject: String,
        name: &'static str,
        count: usize,
        listed: Vec<String>,
    },
    #[error("failed to sign the {name} `{document}` of `{image}`: {error}")]
    Document { image: String, name: &'static str, document: String, error: StatementError },
    #[error(
        "failed to sign the provenance `{document}` of `{image}`: it is of another image than \
         `{subject}`"
    )]
    Foreign { image: String, document: String, subject: String },
    #[error("failed to write a signature: {0}")]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Image(#[from] ImageError),

    #[error(
        "the image `{image}` is not signed: no Sigstore bundle refers to `{subject}`{}\nhelp: sign it \
         with `policy-builder sign`; the image of one platform of several is signed by `--recursive`",
        unreadable_bundles(unreadable)
    )]
    NotSigned { image: String, subject: String, unreadable: Vec<(String, String)> },
    #[error(
        "the signature `{bundle}` of the image `{image}` does not hold: {error}{}",
        keyless(error, image)
    )]
    Signature { image: String, bundle: String, error: Box<VerifyError> },
    #[error(
        "the signature `{bundle}` of the image `{image}` is of another image: it says `{says}`, and \
         this one is `{subject}`"
    )]
    OtherImage { image: String, bundle: String, says: String, subject: String },
    #[error(
        "the {name} `{document}` of `{subject}` is not signed{}\nhelp: if it is yours, sign it with \
         `policy-builder sign`; else remove it",
        unreadable_bundles(unreadable)
    )]
    Unsigned {
        name: &'static str,
        document: String,
        subject: String,
        unreadable: Vec<(String, String)>,
    },
    #[error("the signature `{bundle}` of the {name} of `{subject}` does not hold: {error}")]
    DocumentSignature {
        name: &'static str,
        bundle: String,
        subject: String,
        error: Box<VerifyError>,
    },
    #[error(
        "the {name} `{document}` of `{subject}` is not the one that was signed (`{bundle}`): it was \
         changed or replaced"
    )]
    Replaced { name: &'static str, document: String, subject: String, bundle: String },
    #[error(
        "the signature `{bundle}` of the {name} is of another image: it says `{says}`, and this one \
         is `{subject}`"
    )]
    DocumentOfOther { name: &'static str, bundle: String, says: String, subject: String },
    #[error(
        "the {name} that was signed (`{bundle}`) is not attached to `{subject}` any more: it was \
         removed"
    )]
    Removed { name: &'static str, bundle: String, subject: String },
    #[error("the {what} of the image `{image}` is not what was signed: {error}")]
    Content { image: String, what: &'static str, error: Box<StoreError> },
    #[error(
        "failed to check what refers to `{subject}`: there are {count} referrers, expected at most \
         {most}\nhelp: remove those that are not yours"
    )]
    Many { subject: String, count: usize, most: usize },
}

fn unreadable_bundles(bundles: &[(String, String)]) -> String {
    let each =
        bundles.iter().map(|(bundle, error)| format!("; `{bundle}` cannot be read: {error}"));
    each.collect()
}

fn keyless(error: &VerifyError, image: &str) -> String {
    if *error != VerifyError::Certificate {
        return String::new();
    }
    format!(
        "\nhelp: `cosign verify {image} --certificate-identity … --certificate-oidc-issuer …` checks \
         who signed it"
    )
}
