//! Certificates and keys, from their files to a configuration of rustls.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{CertificateError, InconsistentKeys, RootCertStore, ServerConfig};

use super::error::{TlsError, TlsFile, TlsFileError};
use super::usage;
use crate::config::Tls;

/// HTTP/2, as clients ask for it.
pub(super) const HTTP2: &[u8] = b"h2";

/// The versions of HTTP that clients may choose, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];

/// A configuration for handshakes.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) config: ServerConfig,
    /// The server's certificate.
    pub(super) certificate: CertificateDer<'static>,
}

/// Makes a configuration of the contents of the certificate, the key and, if one is named, the
/// clients' authority.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn configure(
    paths: &Tls,
    contents: &[Vec<u8>],
    provider: &Arc<CryptoProvider>,
) -> Result<Configured, Vec<TlsError>> {
    let mut contents = contents.iter().map(Vec::as_slice);
    let mut next = || contents.next().unwrap_or_default();
    let mut errors = Vec::new();
    let chain = server_chain(next()).map_err(at(TlsFile::Certificate, &paths.certificate));
    let chain = kept(chain, &mut errors);
    let key = private_key(next(), provider).map_err(at(TlsFile::Key, &paths.key));
    let key = kept(key, &mut errors);
    let verifier = match &paths.client_ca {
        None => Some(WebPkiClientVerifier::no_client_auth()),
        Some(path) => {
            let verifier = client_verifier(next(), provider).map_err(at(TlsFile::ClientCa, path));
            kept(verifier, &mut errors)
        }
    };
    let certified = chain.zip(key).and_then(|(chain, key)| {
        kept(match_keys(CertifiedKey::new(chain, key), paths), &mut errors)
    });
    let (Some(certified), Some(verifier)) = (certified, verifier) else { return Err(errors) };
    let certificate = certified.cert.first().cloned().unwrap_or_else(|| Vec::new().into());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| vec![TlsError::Protocol(error)])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(Configured { config, certificate })
}

/// Checks that a certificate is valid now. The rest of its chain is not checked, as it may have an
/// old certificate that clients do without.
///
/// # Errors
/// When it is expired, or not valid yet.
pub(super) fn check_time(certificate: &CertificateDer<'_>, paths: &Tls) -> Result<(), TlsError> {
    let no_roots = RootCertStore::empty();
    let checked = ParsedCertificate::try_from(certificate).and_then(|certificate| {
        let now = UnixTime::now();
        verify_server_cert_signed_by_trust_anchor(&certificate, &no_roots, &[], now, &[])
    });
    let problem = match checked {
        Err(rustls::Error::InvalidCertificate(error)) => match error {
            CertificateError::ExpiredContext { not_after, .. } => TlsFileError::Expired(not_after),
            CertificateError::NotValidYetContext { not_before, .. } => {
                TlsFileError::NotValidYet(not_before)
            }
            // Without the time: there is none at which it is valid.
            CertificateError::Expired => TlsFileError::NeverValid,
            // The time is checked before the issuer.
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    Err(at(TlsFile::Certificate, &paths.certificate)(problem))
}

/// The time since the beginning of 1970 until which a certificate is valid; `None` if it never is.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<Duration> {
    let after_all = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    let no_roots = RootCertStore::empty();
    let checked =
        verify_server_cert_signed_by_trust_anchor(&certificate, &no_roots, &[], after_all, &[]);
    match checked {
        Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
            not_after,
            ..
        })) => Some(Duration::from_secs(not_after.as_secs())),
        _ => None,
    }
}

fn kept<T>(result: Result<T, TlsError>, errors: &mut Vec<TlsError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

fn at(file: TlsFile, path: &Path) -> impl FnOnce(TlsFileError) -> TlsError {
    move |problem| TlsError::File { file, path: path.to_owned(), problem }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let certificates = CertificateDer::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(TlsFileError::NotPem)?;
    if certificates.is_empty() {
        return Err(TlsFileError::Missing("CERTIFICATE"));
    }
    Ok(certificates)
}

fn server_chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let chain = certificates(text)?;
    if let Some(certificate) = chain.first() {
        usage::check(certificate)?;
    }
    Ok(chain)
}

fn private_key(
    text: &[u8],
    provider: &CryptoProvider,
) -> Result<Arc<dyn SigningKey>, TlsFileError> {
    const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let key = PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound if text.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) => {
            TlsFileError::Encrypted
        }
        pem::Error::NoItemsFound => TlsFileError::Missing("PRIVATE KEY"),
        error => TlsFileError::NotPem(error),
    })?;
    provider.key_provider.load_private_key(key).map_err(|_| TlsFileError::Key)
}

fn match_keys(certified: CertifiedKey, paths: &Tls) -> Result<CertifiedKey, TlsError> {
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            key: paths.key.clone(),
            certificate: paths.certificate.clone(),
        }),
        Err(error) => {
            Err(at(TlsFile::Certificate, &paths.certificate)(TlsFileError::Certificate(error)))
        }
    }
}

fn client_verifier(
    text: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsFileError> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(text)? {
        authorities.add(certificate).map_err(TlsFileError::Certificate)?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider))
        .build()
        .map_err(TlsFileError::Verifier)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use base64::Engine;
    use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};

    use super::*;
    use crate::server::listen::tests::certificates::Authority;

    /// The errors of these contents, a line each.
    fn wrong(contents: &[&str]) -> String {
        let paths = Tls {
            certificate: "tls.crt".into(),
            key: "tls.key".into(),
            client_ca: contents.get(2).map(|_| "ca.crt".into()),
        };
        let contents: Vec<_> = contents.iter().map(|text| text.as_bytes().to_vec()).collect();
        let provider = policy_tls::provider().unwrap();
        let errors = configure(&paths, &contents, &provider).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn errors_name_their_files() {
        let authority = Authority::new();
        let [one, other] = [(); 2].map(|()| authority.issue());
        assert_eq!(wrong(&[&one.pem, &one.key, &authority.pem]), "");
        let chain = format!("subject=somebody\n{}{}", one.pem, authority.pem);
        assert_eq!(wrong(&[&chain, &one.key]), "");

        assert_eq!(
            wrong(&[&one.pem, &other.key]),
            "TLS: the key in `tls.key` does not belong to the certificate in `tls.crt`, which must \
             be the first in its file"
        );
        assert_eq!(
            wrong(&[&one.key, &one.pem, ""]),
            "TLS: the certificate in `tls.crt` cannot be used: it has no section \
             `-----BEGIN CERTIFICATE-----`, in PEM\n\
             TLS: the private key in `tls.key` cannot be used: it has no section \
             `-----BEGIN PRIVATE KEY-----`, in PEM\n\
             TLS: the clients' authority in `ca.crt` cannot be used: it has no section \
             `-----BEGIN CERTIFICATE-----`, in PEM"
        );
        let encrypted = one.key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(
            wrong(&[&one.pem, &encrypted]),
            "TLS: the private key in `tls.key` cannot be used: it is encrypted; decrypt it first"
        );
        let half = one.pem.split_at(one.pem.len() / 2).0;
        assert_eq!(
            wrong(&[half, "-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n"]),
            "TLS: the certificate in `tls.crt` cannot be used: it is not PEM: `-----END \
             CERTIFICATE-----` is missing\n\
             TLS: the private key in `tls.key` cannot be used: it is not PEM: a section is not \
             Base64"
        );
        let nonsense = base64::engine::general_purpose::STANDARD.encode("nonsense");
        let section = |kind| format!("-----BEGIN {kind}-----\n{nonsense}\n-----END {kind}-----\n");
        assert_eq!(
            wrong(&[&one.pem, &section("PRIVATE KEY"), &section("CERTIFICATE")]),
            "TLS: the private key in `tls.key` cannot be used: expected a key for RSA of 2048 bits \
             or more, ECDSA on P-256 or P-384, or Ed25519\n\
             TLS: the clients' authority in `ca.crt` cannot be used: it is not a certificate that \
             TLS knows: invalid peer certificate: BadEncoding"
        );
    }

    #[test]
    fn certificate_for_another_usage_is_refused() {
        use ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
        use KeyUsagePurpose::{DigitalSignature, KeyCertSign, KeyEncipherment};

        let authority = Authority::new();
        let wrong_with = |usages: &[KeyUsagePurpose], extended: &[ExtendedKeyUsagePurpose]| {
            let issued = authority.issue_with(|params| {
                params.key_usages = usages.to_vec();
                params.extended_key_usages = extended.to_vec();
            });
            wrong(&[&issued.pem, &issued.key])
        };
        let because = |why| {
            format!("TLS: the certificate in `tls.crt` cannot be used: it is not a server's: {why}")
        };
        for (usages, extended) in [
            (&[][..], &[][..]),
            (&[DigitalSignature], &[]),
            (&[KeyEncipherment, DigitalSignature], &[ClientAuth, ServerAuth]),
            (&[], &[Any]),
        ] {
            assert_eq!(wrong_with(usages, extended), "", "{usages:?} {extended:?}");
        }
        for usages in [&[KeyCertSign][..], &[KeyEncipherment]] {
            let wrong = wrong_with(usages, &[ServerAuth]);
            assert_eq!(wrong, because("its key usage lacks `digitalSignature`"));
        }
        let wrong = wrong_with(&[DigitalSignature], &[ClientAuth]);
        assert_eq!(wrong, because("its extended key usage lacks `serverAuth`"));
        // A certificate of an authority says what it is for as well.
        assert_eq!(usage::check(&authority.certificate), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn malformed_certificates_do_not_panic(mut text: Vec<u8>, place: usize, byte: u8) {
            static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);
            let _ = usage::check(&text);
            text.clear();
            text.extend_from_slice(&AUTHORITY.certificate);
            let length = text.len();
            text[place % length] = byte;
            let _ = usage::check(&text);
        }
    }
}
