//! TLS, with certificates that may change.

mod certificates;
mod error;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) use self::error::TlsError;
use crate::config::Tls;
use crate::cryptography;
use crate::watched_file::{WatchedFiles, in_one_line};

/// The server's certificate and key, and whose clients it lets in.
#[derive(Debug)]
pub(super) struct ServerTls {
    files: WatchedFiles,
    paths: Tls,
    provider: Arc<CryptoProvider>,
    current: Handshake,
}

/// Agrees on TLS with a client, with what is in force when it comes.
#[derive(Clone)]
pub(super) struct Handshake(Arc<ArcSwap<ServerConfig>>);

impl ServerTls {
    /// # Errors
    /// All that is wrong with the files.
    pub(super) fn load(paths: &Tls) -> Result<Self, Vec<TlsError>> {
        let provider = cryptography::provider().map_err(|error| vec![error.into()])?;
        let all = [Some(&paths.certificate), Some(&paths.key), paths.client_ca.as_ref()];
        let all = all.into_iter().flatten().cloned().collect();
        let mut files = WatchedFiles::new("certificates", all);
        let contents = files
            .read()
            .map_err(|errors| errors.into_iter().map(TlsError::from).collect::<Vec<_>>())?;
        let config = certificates::configure(paths, contents, &provider)?;
        let current = Handshake(Arc::new(ArcSwap::from_pointee(config)));
        Ok(Self { files, paths: paths.clone(), provider, current })
    }

    pub(super) fn handshake(&self) -> Handshake {
        self.current.clone()
    }

    /// Loads the files again when they change, forever.
    pub(super) async fn keep_current(self, interval: Duration) {
        let Self { files, paths, provider, current } = self;
        let take = move |contents: &[Vec<u8>]| {
            let config = certificates::configure(&paths, contents, &provider)
                .map_err(|errors| in_one_line(&errors))?;
            current.0.store(Arc::new(config));
            Ok::<_, String>(())
        };
        files.watch(interval, take).await;
    }
}

impl Handshake {
    pub(super) async fn shake(self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.0.load_full()).accept(stream).await
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake")
    }
}
