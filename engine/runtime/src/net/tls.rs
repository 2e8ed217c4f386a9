//! Connections over TLS, where the collector's authorities vouch for it.

use std::path::PathBuf;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use policy_tls::Unsupported;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::Authorities;
use crate::system::watched_file;

/// Opens connections over TLS.
pub(super) type Connector = HttpsConnector<HttpConnector>;

/// The reason why there can be no connection over TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file of authorities that holds none, or cannot be read.
    #[error("failed to read certificates from `{}`: {reason}", path.display())]
    Authorities {
        /// The value as it was configured.
        path: PathBuf,
        /// The problem with it.
        reason: String,
    },
    /// TLS is not possible here.
    #[error("{0}")]
    Unsupported(#[from] Unsupported),
    /// There is nobody to vouch for the collector.
    #[error(
        "this system has no certificates of authorities to know the collector by: set `{setting}` \
         to a file of them, in PEM"
    )]
    NoAuthorities {
        /// The setting that names such a file.
        setting: &'static str,
    },
    /// TLS cannot be configured.
    #[error("failed to set up TLS to the collector: {0}")]
    Config(rustls::Error),
}

/// # Errors
/// When TLS is not possible, or there is nobody to vouch for the collector.
pub(super) fn connector(authorities: Authorities<'_>) -> Result<Connector, TlsError> {
    let tls = ClientConfig::builder_with_provider(policy_tls::provider()?)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Config)?
        .with_root_certificates(read(authorities)?)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build())
}

fn read(Authorities { file, setting }: Authorities<'_>) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    let Some(path) = file else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if store.is_empty() { Err(TlsError::NoAuthorities { setting }) } else { Ok(store) };
    };
    let problem = |reason: String| TlsError::Authorities { path: path.to_owned(), reason };
    let text = watched_file::read(path).map_err(|error| problem(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| problem(error.to_string()))?;
        store.add(certificate).map_err(|error| problem(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(problem("there are none in it: expected PEM".to_owned()));
    }
    Ok(store)
}
