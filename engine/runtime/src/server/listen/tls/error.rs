use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::{UnixTime, pem};

use super::usage::Unfit;
use crate::system::watched_file::ReadError;
use policy_tls::Unsupported;

/// The error of a configuration of TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// This machine cannot do it.
    #[error("{0}; listen on `http` or `unix`, behind a proxy that speaks TLS")]
    Unsupported(#[from] Unsupported),
    /// A file cannot be read.
    #[error("TLS: {0}")]
    Read(#[from] ReadError),
    /// Its cryptography lacks something.
    #[error("TLS: {0}")]
    Protocol(rustls::Error),
    /// A file's contents are wrong.
    #[error("TLS: the {file} in `{}` cannot be used: {problem}", path.display())]
    File { file: TlsFile, path: PathBuf, problem: TlsFileError },
    /// The key belongs to another certificate.
    #[error(
        "TLS: the key in `{}` does not belong to the certificate in `{}`, which must be the first \
         in its file",
        key.display(),
        certificate.display()
    )]
    Mismatch { key: PathBuf, certificate: PathBuf },
}

/// The purpose of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TlsFile {
    Certificate,
    Key,
    ClientCa,
}

impl fmt::Display for TlsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
            Self::ClientCa => "clients' authority",
        })
    }
}

/// The error of a file's contents.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFileError {
    #[error("it has no section `-----BEGIN {0}-----`, in PEM")]
    Missing(&'static str),
    #[error("it is encrypted; decrypt it first")]
    Encrypted,
    #[error("it is not PEM: {}", not_pem(.0))]
    NotPem(pem::Error),
    #[error("it is not a certificate that TLS knows: {0}")]
    Certificate(rustls::Error),
    #[error("expected a key for RSA of 2048 bits or more, ECDSA on P-256 or P-384, or Ed25519")]
    Key,
    #[error("it expired at {}", date(*.0))]
    Expired(UnixTime),
    #[error("it is not valid before {}", date(*.0))]
    NotValidYet(UnixTime),
    #[error("it is never valid: it expires before it begins")]
    NeverValid,
    #[error("it is not a server's: {0}")]
    Unfit(#[from] Unfit),
    #[error("{0}")]
    Verifier(rustls::server::VerifierBuilderError),
}

fn date(time: UnixTime) -> impl fmt::Display {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}

/// Describes an error of PEM, whose own text shows bytes as numbers.
fn not_pem(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("`-----END {}-----` is missing", String::from_utf8_lossy(end_marker))
        }
        pem::Error::IllegalSectionStart { line } => {
            format!("`{}` begins no section", String::from_utf8_lossy(line).trim_end())
        }
        pem::Error::Base64Decode(_) => "a section is not Base64".to_owned(),
        other => other.to_string(),
    }
}
