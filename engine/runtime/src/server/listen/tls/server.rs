use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{info, warn};

use super::certificates::{self, Configured, HTTP2};
use super::error::TlsError;
use super::served::ServedCertificate;
use crate::config::Tls;
use crate::system::watched_file::{RejectedContents, WatchedFiles, in_one_line};

/// The most bytes that are encrypted and not sent: one record.
const UNSENT: usize = 16 << 10;

/// The server's certificate and key, and the authority of its clients.
#[derive(Debug)]
pub(crate) struct ServerTls {
    files: WatchedFiles,
    paths: Tls,
    provider: Arc<CryptoProvider>,
    current: CurrentTls,
}

/// The certificate and configuration in force.
#[derive(Debug)]
struct CurrentTls {
    handshake: TlsHandshake,
    certificate: CertificateDer<'static>,
    served: ServedCertificate,
    /// A certificate that is not valid yet, and is used once it is.
    next: Option<Configured>,
}

/// Performs handshakes, with the configuration in force.
#[derive(Clone)]
pub(in crate::server::listen) struct TlsHandshake(Arc<ArcSwap<ServerConfig>>);

impl ServerTls {
    /// Loads the files. An expired certificate, or one that is not valid yet, is not an error: the
    /// clocks of clients may differ, and another certificate may follow.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub(in crate::server::listen) fn load(paths: &Tls) -> Result<Self, Vec<TlsError>> {
        let provider = policy_tls::provider().map_err(|error| vec![error.into()])?;
        let all = [Some(&paths.certificate), Some(&paths.key), paths.client_ca.as_ref()];
        let all = all.into_iter().flatten().cloned().collect();
        let mut files = WatchedFiles::new("certificates", all);
        let contents = files
            .read()
            .map_err(|errors| errors.into_iter().map(TlsError::from).collect::<Vec<_>>())?;
        let Configured { config, certificate } =
            certificates::configure(paths, contents, &provider)?;
        if let Err(problem) = certificates::check_time(&certificate, paths) {
            warn!("{problem}; clients refuse it, and it is served until its file changes");
        }
        let handshake = TlsHandshake(Arc::new(ArcSwap::from_pointee(config)));
        let served = ServedCertificate::new(certificate.clone());
        let current = CurrentTls { handshake, certificate, served, next: None };
        Ok(Self { files, paths: paths.clone(), provider, current })
    }

    pub(in crate::server::listen) fn handshake(&self) -> TlsHandshake {
        self.current.handshake.clone()
    }

    /// The certificate in force, whichever that is.
    pub(in crate::server::listen) fn served(&self) -> ServedCertificate {
        self.current.served.clone()
    }

    /// Loads the files whenever they change, forever.
    pub(crate) async fn keep_current(self, interval: Duration) {
        let Self { files, paths, provider, current } = self;
        let current = Mutex::new(current);
        let lock = || current.lock().unwrap_or_else(PoisonError::into_inner);
        let take = |contents: &[Vec<u8>]| {
            let configured = certificates::configure(&paths, contents, &provider)
                .map_err(|errors| RejectedContents::the_former_stay(in_one_line(&errors)))?;
            lock().replace(configured, &paths).map_err(RejectedContents::the_former_stay)
        };
        let activate = async {
            loop {
                tokio::time::sleep(interval).await;
                lock().activate_next(&paths);
            }
        };
        tokio::join!(files.watch(interval, take), activate);
    }
}

impl CurrentTls {
    /// Uses another certificate, unless it is expired or not valid yet while the current one is valid.
    fn replace(&mut self, configured: Configured, paths: &Tls) -> Result<(), TlsError> {
        self.next = None;
        let Err(problem) = certificates::check_time(&configured.certificate, paths) else {
            self.set(configured);
            return Ok(());
        };
        if certificates::check_time(&self.certificate, paths).is_ok() {
            self.next = Some(configured);
            return Err(problem);
        }
        warn!("{problem}; clients refuse it, as they did the former");
        self.set(configured);
        Ok(())
    }

    /// Uses the certificate that was not valid yet, once it is.
    fn activate_next(&mut self, paths: &Tls) {
        if let Some(next) =
            self.next.take_if(|next| certificates::check_time(&next.certificate, paths).is_ok())
        {
            info!("the certificate that was not valid yet is valid now, and used");
            self.set(next);
        }
    }

    fn set(&mut self, Configured { config, certificate }: Configured) {
        self.handshake.0.store(Arc::new(config));
        self.served.set(certificate.clone());
        self.certificate = certificate;
    }
}

impl TlsHandshake {
    /// Performs one, and tells whether the client chose HTTP/2.
    pub(in crate::server::listen) async fn accept<S>(
        self,
        stream: S,
    ) -> io::Result<(TlsStream<S>, bool)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let accept = TlsAcceptor::from(self.0.load_full())
            .accept_with(stream, |session| session.set_buffer_limit(Some(UNSENT)));
        let stream = accept.await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
        Ok((stream, is_http2))
    }
}

impl fmt::Debug for TlsHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsHandshake")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use rcgen::{CertificateParams, date_time_ymd};

    use super::*;
    use crate::server::listen::tests::certificates::{Authority, Issued};

    fn expired(params: &mut CertificateParams) {
        params.not_after = date_time_ymd(2020, 2, 29);
    }

    /// Valid in this many seconds.
    fn valid_in(seconds: u64) -> impl FnOnce(&mut CertificateParams) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        move |params| {
            let at = now + Duration::from_secs(seconds);
            params.not_before = date_time_ymd(1970, 1, 1) + at;
        }
    }

    /// The first certificate, loaded, and a function that configures another.
    fn loaded(first: &Issued) -> (CurrentTls, Tls, impl Fn(&Issued) -> Configured + use<>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Tls {
            certificate: folder.path().join("tls.crt"),
            key: folder.path().join("tls.key"),
            client_ca: None,
        };
        std::fs::write(&paths.certificate, &first.pem).unwrap();
        std::fs::write(&paths.key, &first.key).unwrap();
        let ServerTls { paths, provider, current, .. } = ServerTls::load(&paths).unwrap();
        let own = paths.clone();
        let configure = move |issued: &Issued| {
            let contents = [issued.pem.as_bytes().to_vec(), issued.key.as_bytes().to_vec()];
            certificates::configure(&own, &contents, &provider).unwrap()
        };
        (current, paths, configure)
    }

    #[test]
    fn invalid_certificate_does_not_replace_a_valid_one() {
        let authority = Authority::new();
        let good = authority.issue();
        let (mut current, paths, configure) = loaded(&good);
        let path = paths.certificate.display();
        for (bad, problem) in [
            (authority.issue_with(expired), "it expired at 2020-02-29T00:00:00Z"),
            (
                authority.issue_with(|params| params.not_before = date_time_ymd(4000, 1, 1)),
                "it is not valid before 4000-01-01T00:00:00Z",
            ),
            (
                authority.issue_with(|params| {
                    params.not_before = date_time_ymd(2020, 2, 29);
                    params.not_after = date_time_ymd(2020, 2, 28);
                }),
                "it is never valid: it expires before it begins",
            ),
        ] {
            let error = current.replace(configure(&bad), &paths).unwrap_err().to_string();
            let expected = format!("TLS: the certificate in `{path}` cannot be used: {problem}");
            assert_eq!(error, expected);
            current.activate_next(&paths);
            assert_eq!(current.certificate, good.certificate);
        }
        let next = authority.issue();
        current.replace(configure(&next), &paths).unwrap();
        assert_eq!(current.certificate, next.certificate);
    }

    #[test]
    fn certificate_is_used_once_it_is_valid() {
        let authority = Authority::new();
        let (mut current, paths, configure) = loaded(&authority.issue());
        let next = authority.issue_with(valid_in(2));
        current.replace(configure(&next), &paths).unwrap_err();
        let start = SystemTime::now();
        while current.certificate != next.certificate {
            assert!(start.elapsed().unwrap() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(10));
            current.activate_next(&paths);
        }
    }

    /// The server's clock may be wrong, so an expired certificate is better than none.
    #[test]
    fn expired_certificate_is_served_and_replaced_by_any() {
        let authority = Authority::new();
        let [first, second] = [(); 2].map(|()| authority.issue_with(expired));
        let (mut current, paths, configure) = loaded(&first);
        assert_eq!(current.certificate, first.certificate);
        current.replace(configure(&second), &paths).unwrap();
        assert_eq!(current.certificate, second.certificate);
    }
}
