//! TLS by Graviola, which is Rust and assembler and needs no C compiler; as the engine does it.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::error::Problem;

/// Trusts whom the machine trusts (`SSL_CERT_FILE`, `SSL_CERT_DIR`, or its own store), or Mozilla's
/// list where there is no such thing.
pub(super) fn config() -> Result<TlsConfig, Problem> {
    let mut roots: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|it| Certificate::from_der(it.as_ref()).to_owned())
        .collect();
    if roots.is_empty() {
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        roots = mozilla.map(|it| Certificate::from_der(it.as_ref()).to_owned()).collect();
    }
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider()?)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build())
}

/// Graviola would panic on a processor that it cannot use.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn provider() -> Result<Arc<CryptoProvider>, Problem> {
    if is_able() { Ok(Arc::new(rustls_graviola::default_provider())) } else { Err(Problem::NoTls) }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn provider() -> Result<Arc<CryptoProvider>, Problem> {
    Err(Problem::NoTls)
}

#[cfg(target_arch = "x86_64")]
fn is_able() -> bool {
    is_x86_feature_detected!("aes")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("avx")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("adx")
}

#[cfg(target_arch = "aarch64")]
fn is_able() -> bool {
    use std::arch::is_aarch64_feature_detected;
    is_aarch64_feature_detected!("neon")
        && is_aarch64_feature_detected!("aes")
        && is_aarch64_feature_detected!("pmull")
        && is_aarch64_feature_detected!("sha2")
}
