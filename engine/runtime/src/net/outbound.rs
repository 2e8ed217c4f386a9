//! Requests that this program makes itself: to collectors of what it tells.

use std::path::PathBuf;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::{Authorities, TlsError};
#[cfg(feature = "tls")]
use super::{Connector, connector};
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
    #[cfg(feature = "tls")]
    Https(Client<Connector, Full<Bytes>>),
}

/// The reason why a collector cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// Neither `http` nor `https`, or no host.
    #[error("expected a URL such as `https://collector.example.com`")]
    Url,
    /// TLS is not possible, or there is nobody to vouch for the collector.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Transport {
    /// # Errors
    /// When the URL's collector can never be reached; it is not tried before there is a request.
    pub(crate) fn to(url: &Uri, authorities: Authorities<'_>) -> Result<Self, TransportError> {
        // Requests follow one another: there is one connection.
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_max_idle_per_host(1);
        match (url.scheme_str(), url.host()) {
            (Some("https"), Some(_)) => Self::https(&builder, authorities),
            (Some("http"), Some(_)) => Ok(Self::Http(builder.build(HttpConnector::new()))),
            _ => Err(TransportError::Url),
        }
    }

    #[cfg(feature = "tls")]
    fn https(builder: &Builder, authorities: Authorities<'_>) -> Result<Self, TransportError> {
        Ok(Self::Https(builder.build(connector(authorities)?)))
    }

    #[cfg(not(feature = "tls"))]
    fn https(_: &Builder, _: Authorities<'_>) -> Result<Self, TransportError> {
        Err(TlsError.into())
    }

    pub(crate) fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Http(client) => client.request(request),
            #[cfg(feature = "tls")]
            Self::Https(client) => client.request(request),
        }
    }
}

/// The URL for people, who must not see credentials.
pub(crate) fn name(url: &Uri) -> String {
    redact_url(&url.to_string()).replace("://…@", "://")
}
