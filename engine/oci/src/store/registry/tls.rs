//! TLS by Graviola, which is Rust and assembler and needs no C compiler; as the engine does it.

use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::error::RegistryProblem;

/// Trusts whom the machine trusts (`SSL_CERT_FILE`, `SSL_CERT_DIR`, or its own store), or Mozilla's
/// list where there is no such thing.
pub(super) fn config() -> Result<TlsConfig, RegistryProblem> {
    let mut roots: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|der| Certificate::from_der(der.as_ref()).to_owned())
        .collect();
    if roots.is_empty() {
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        roots = mozilla.map(|der| Certificate::from_der(der.as_ref()).to_owned()).collect();
    }
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(policy_tls::provider()?)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build())
}
