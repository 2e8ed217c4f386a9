//! A build without TLS: there are no certificates, and so no handshakes.

#![expect(clippy::unused_async, reason = "the signatures are those of the other module")]

use std::io;
use std::time::Duration;

use crate::config::Tls;

/// The server's certificate.
#[derive(Debug)]
pub(crate) enum ServerTls {}

/// Performs handshakes.
#[derive(Debug, Clone)]
pub(in crate::server::listen) enum TlsHandshake {}

/// The certificate in force.
#[derive(Debug, Clone)]
pub(crate) enum ServedCertificate {}

/// The error of a configuration of TLS, which is a mistake here before anything is loaded.
#[derive(Debug, thiserror::Error)]
#[error("TLS: this program was built without it; build anew without `-tls` in `--engine-features`")]
pub(crate) struct TlsError;

impl ServerTls {
    pub(in crate::server::listen) fn load(_: &Tls) -> Result<Self, Vec<TlsError>> {
        Err(vec![TlsError])
    }

    pub(in crate::server::listen) fn handshake(&self) -> TlsHandshake {
        match *self {}
    }

    pub(in crate::server::listen) fn served(&self) -> ServedCertificate {
        match *self {}
    }

    pub(crate) async fn keep_current(self, _: Duration) {
        match self {}
    }
}

impl TlsHandshake {
    pub(in crate::server::listen) async fn accept<S>(self, _: S) -> io::Result<(S, bool)> {
        match self {}
    }
}

impl ServedCertificate {
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "the console shows it"))]
    pub(crate) fn not_after(&self) -> Option<Duration> {
        match *self {}
    }
}
