//! Requests that this program makes itself: to collectors of what it tells.

use std::path::{Path, PathBuf};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use policy_tls::Unsupported;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::system::watched_file;
use policy_text::redact_url;

/// A server that is asked, and who vouches for it.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) url: Uri,
    /// A file in PEM; the system's own authorities where there is none.
    pub(crate) authorities: Option<PathBuf>,
}

/// A client with TLS or without, so that TLS alone needs a processor that supports it.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Client<HttpConnector, Full<Bytes>>),
    Https(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// The authorities that vouch for a collector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authorities<'a> {
    /// A file in PEM; the system's own authorities where there is none.
    pub(crate) file: Option<&'a Path>,
    /// The setting that names the file.
    pub(crate) setting: &'static str,
}

/// The reason why a collector cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// Neither `http` nor `https`, or no host.
    #[error("expected a URL such as `https://collector.example.com`")]
    Url,
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
    Tls(rustls::Error),
}

impl Transport {
    /// # Errors
    /// When the URL's collector can never be reached; it is not tried before there is a request.
    pub(crate) fn to(url: &Uri, authorities: Authorities<'_>) -> Result<Self, TransportError> {
        // Requests follow one another: there is one connection.
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_max_idle_per_host(1);
        match (url.scheme_str(), url.host()) {
            (Some("https"), Some(_)) => Ok(Self::Https(builder.build(tls_connector(authorities)?))),
            (Some("http"), Some(_)) => Ok(Self::Http(builder.build(HttpConnector::new()))),
            _ => Err(TransportError::Url),
        }
    }

    pub(crate) fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Http(client) => client.request(request),
            Self::Https(client) => client.request(request),
        }
    }
}

/// The URL for people, who must not see credentials.
pub(crate) fn name(url: &Uri) -> String {
    redact_url(&url.to_string()).replace("://…@", "://")
}

fn tls_connector(
    authorities: Authorities<'_>,
) -> Result<HttpsConnector<HttpConnector>, TransportError> {
    let tls = ClientConfig::builder_with_provider(policy_tls::provider()?)
        .with_safe_default_protocol_versions()
        .map_err(TransportError::Tls)?
        .with_root_certificates(authorities.read()?)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build())
}

impl Authorities<'_> {
    fn read(self) -> Result<RootCertStore, TransportError> {
        let mut store = RootCertStore::empty();
        let Some(path) = self.file else {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let setting = self.setting;
            return if store.is_empty() {
                Err(TransportError::NoAuthorities { setting })
            } else {
                Ok(store)
            };
        };
        let problem =
            |reason: String| TransportError::Authorities { path: path.to_owned(), reason };
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
}
