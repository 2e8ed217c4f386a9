//! From files to what a handshake needs.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};

use super::error::{Problem, TlsError, What};
use crate::config::Tls;

/// The versions of HTTP that clients may choose, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// From the contents of the certificate, the key and, where one is named, the clients' authority.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn configure(
    paths: &Tls,
    contents: &[Vec<u8>],
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, Vec<TlsError>> {
    let mut contents = contents.iter().map(Vec::as_slice);
    let mut next = || contents.next().unwrap_or_default();
    let mut errors = Vec::new();
    let chain = certificates(next()).map_err(at(What::Certificate, &paths.certificate));
    let chain = kept(chain, &mut errors);
    let key = private_key(next(), provider).map_err(at(What::Key, &paths.key));
    let key = kept(key, &mut errors);
    let verifier = match &paths.client_ca {
        None => Some(WebPkiClientVerifier::no_client_auth()),
        Some(path) => {
            let verifier = client_verifier(next(), provider).map_err(at(What::ClientCa, path));
            kept(verifier, &mut errors)
        }
    };
    let certified = chain.zip(key).and_then(|(chain, key)| {
        kept(match_keys(CertifiedKey::new(chain, key), paths), &mut errors)
    });
    let (Some(certified), Some(verifier)) = (certified, verifier) else { return Err(errors) };
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| vec![TlsError::Protocol(error)])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

fn kept<T>(result: Result<T, TlsError>, errors: &mut Vec<TlsError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

fn at(what: What, path: &Path) -> impl FnOnce(Problem) -> TlsError {
    move |problem| TlsError::File { what, path: path.to_owned(), problem }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let certificates = CertificateDer::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(Problem::NotPem)?;
    if certificates.is_empty() {
        return Err(Problem::Missing("CERTIFICATE"));
    }
    Ok(certificates)
}

fn private_key(text: &[u8], provider: &CryptoProvider) -> Result<Arc<dyn SigningKey>, Problem> {
    const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let key = PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound if text.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) => {
            Problem::Encrypted
        }
        pem::Error::NoItemsFound => Problem::Missing("PRIVATE KEY"),
        error => Problem::NotPem(error),
    })?;
    provider.key_provider.load_private_key(key).map_err(|_| Problem::Key)
}

fn match_keys(certified: CertifiedKey, paths: &Tls) -> Result<CertifiedKey, TlsError> {
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            key: paths.key.clone(),
            certificate: paths.certificate.clone(),
        }),
        Err(error) => Err(at(What::Certificate, &paths.certificate)(Problem::Certificate(error))),
    }
}

fn client_verifier(
    text: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Problem> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(text)? {
        authorities.add(certificate).map_err(Problem::Certificate)?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider))
        .build()
        .map_err(Problem::Verifier)
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;
    use crate::cryptography;
    use crate::server::listen::tests::certificates::Authority;

    /// What is wrong with these contents, a line each.
    fn wrong(contents: &[&str]) -> String {
        let paths = Tls {
            certificate: "tls.crt".into(),
            key: "tls.key".into(),
            client_ca: contents.get(2).map(|_| "ca.crt".into()),
        };
        let contents: Vec<_> = contents.iter().map(|text| text.as_bytes().to_vec()).collect();
        let provider = cryptography::provider().unwrap();
        let errors = configure(&paths, &contents, &provider).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_wrong_is_told_with_its_file() {
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
            "TLS: the certificate in `tls.crt` cannot be used: there is none: a section \
             `-----BEGIN CERTIFICATE-----` is expected, in PEM\n\
             TLS: the private key in `tls.key` cannot be used: there is none: a section \
             `-----BEGIN PRIVATE KEY-----` is expected, in PEM\n\
             TLS: the clients' authority in `ca.crt` cannot be used: there is none: a section \
             `-----BEGIN CERTIFICATE-----` is expected, in PEM"
        );
        let encrypted = one.key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(
            wrong(&[&one.pem, &encrypted]),
            "TLS: the private key in `tls.key` cannot be used: it is encrypted, and nobody is \
             asked for a password: decrypt it first"
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
            "TLS: the private key in `tls.key` cannot be used: a key for RSA of 2048 bits or more, \
             ECDSA on P-256 or P-384, or Ed25519 is expected\n\
             TLS: the clients' authority in `ca.crt` cannot be used: it is not a certificate that \
             TLS knows: invalid peer certificate: BadEncoding"
        );
    }
}
