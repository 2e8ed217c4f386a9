//! TLS, with certificates that may change.

mod certificates;
mod error;
mod usage;

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

use self::certificates::Configured;
pub(super) use self::certificates::HTTP2;
pub(super) use self::error::TlsError;
use crate::config::Tls;
use crate::system::watched_file::{RejectedContents, WatchedFiles, in_one_line};

/// The most that is encrypted and not sent: what a record holds.
const UNSENT: usize = 16 << 10;

/// The server's certificate and key, and whose clients it lets in.
#[derive(Debug)]
pub(super) struct ServerTls {
    files: WatchedFiles,
    paths: Tls,
    provider: Arc<CryptoProvider>,
    current: Current,
}

/// What is in force.
#[derive(Debug)]
struct Current {
    handshake: TlsHandshake,
    certificate: CertificateDer<'static>,
    /// What is not valid yet, and takes its place when it is.
    next: Option<Configured>,
}

/// Agrees on TLS with a client, with what is in force when it comes.
#[derive(Clone)]
pub(super) struct TlsHandshake(Arc<ArcSwap<ServerConfig>>);

impl ServerTls {
    /// A certificate whose time is over, or has not come, is no error: its clients may see another
    /// time, and another certificate may be on its way.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub(super) fn load(paths: &Tls) -> Result<Self, Vec<TlsError>> {
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
            warn!("{problem}: clients refuse it, and it is served until its file changes");
        }
        let handshake = TlsHandshake(Arc::new(ArcSwap::from_pointee(config)));
        let current = Current { handshake, certificate, next: None };
        Ok(Self { files, paths: paths.clone(), provider, current })
    }

    pub(super) fn handshake(&self) -> TlsHandshake {
        self.current.handshake.clone()
    }

    /// Loads the files again when they change, forever.
    pub(super) async fn keep_current(self, interval: Duration) {
        let Self { files, paths, provider, current } = self;
        let current = Mutex::new(current);
        let lock = || current.lock().unwrap_or_else(PoisonError::into_inner);
        let take = |contents: &[Vec<u8>]| {
            let configured = certificates::configure(&paths, contents, &provider)
                .map_err(|errors| RejectedContents::the_former_stay(in_one_line(&errors)))?;
            lock().take(configured, &paths).map_err(RejectedContents::the_former_stay)
        };
        let ripen = async {
            loop {
                tokio::time::sleep(interval).await;
                lock().ripen(&paths);
            }
        };
        tokio::join!(files.watch(interval, take), ripen);
    }
}

impl Current {
    /// Takes another certificate, unless its time has not come or is over while that of this one
    /// is now.
    fn take(&mut self, configured: Configured, paths: &Tls) -> Result<(), TlsError> {
        self.next = None;
        let Err(problem) = certificates::check_time(&configured.certificate, paths) else {
            self.set(configured);
            return Ok(());
        };
        if certificates::check_time(&self.certificate, paths).is_ok() {
            self.next = Some(configured);
            return Err(problem);
        }
        warn!("{problem}: clients refuse it, as they did the former");
        self.set(configured);
        Ok(())
    }

    /// Takes the certificate that was refused, when its time has come.
    fn ripen(&mut self, paths: &Tls) {
        if let Some(next) =
            self.next.take_if(|next| certificates::check_time(&next.certificate, paths).is_ok())
        {
            info!("the certificate that was not valid yet is valid now, and used");
            self.set(next);
        }
    }

    fn set(&mut self, Configured { config, certificate }: Configured) {
        self.handshake.0.store(Arc::new(config));
        self.certificate = certificate;
    }
}

impl TlsHandshake {
    pub(super) async fn accept<S>(self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let accept = TlsAcceptor::from(self.0.load_full())
            .accept_with(stream, |session| session.set_buffer_limit(Some(UNSENT)));
        accept.await
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

    /// What is served first, and a function that configures another.
    fn loaded(first: &Issued) -> (Current, Tls, impl Fn(&Issued) -> Configured + use<>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Tls {
            certificate: folder.path().join("tls.crt"),
            key: folder.path().join("tls.key"),
            client_ca: None,
        };
        std::fs::write(&paths.certificate, &first.pem).unwrap();
        std::fs::write(&paths.key, &first.key).unwrap();
        let ServerTls { paths, provider, current, .. } = ServerTls::load(&paths).unwrap();
        let of = paths.clone();
        let configure = move |issued: &Issued| {
            let contents = [issued.pem.as_bytes().to_vec(), issued.key.as_bytes().to_vec()];
            certificates::configure(&of, &contents, &provider).unwrap()
        };
        (current, paths, configure)
    }

    #[test]
    fn a_certificate_whose_time_is_not_now_does_not_replace_a_good_one() {
        let authority = Authority::new();
        let good = authority.issue();
        let (mut current, paths, configure) = loaded(&good);
        let path = paths.certificate.display();
        for (bad, problem) in [
            (
                authority.issue_with(expired),
                "it has expired: its time was over at 2020-02-29T00:00:00Z",
            ),
            (
                authority.issue_with(|params| params.not_before = date_time_ymd(4000, 1, 1)),
                "it is not valid yet: its time begins at 4000-01-01T00:00:00Z",
            ),
        ] {
            let error = current.take(configure(&bad), &paths).unwrap_err().to_string();
            let expected = format!("TLS: the certificate in `{path}` cannot be used: {problem}");
            assert_eq!(error, expected);
            current.ripen(&paths);
            assert_eq!(current.certificate, good.certificate);
        }
        let next = authority.issue();
        current.take(configure(&next), &paths).unwrap();
        assert_eq!(current.certificate, next.certificate);
    }

    #[test]
    fn a_certificate_is_used_when_its_time_has_come() {
        let authority = Authority::new();
        let (mut current, paths, configure) = loaded(&authority.issue());
        let next = authority.issue_with(valid_in(2));
        current.take(configure(&next), &paths).unwrap_err();
        let start = SystemTime::now();
        while current.certificate != next.certificate {
            assert!(start.elapsed().unwrap() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(10));
            current.ripen(&paths);
        }
    }

    /// As with a clock that is wrong: better than nothing.
    #[test]
    fn a_server_begins_with_an_expired_certificate_and_takes_any_instead() {
        let authority = Authority::new();
        let [first, second] = [(); 2].map(|()| authority.issue_with(expired));
        let (mut current, paths, configure) = loaded(&first);
        assert_eq!(current.certificate, first.certificate);
        current.take(configure(&second), &paths).unwrap();
        assert_eq!(current.certificate, second.certificate);
    }
}
