use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::pki_types::CertificateDer;

use super::certificates;

/// The certificate in force, for those who watch over its time.
#[derive(Debug, Clone)]
pub(crate) struct ServedCertificate(Arc<ArcSwap<CertificateDer<'static>>>);

impl ServedCertificate {
    pub(super) fn new(certificate: CertificateDer<'static>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(certificate)))
    }

    pub(super) fn set(&self, certificate: CertificateDer<'static>) {
        self.0.store(Arc::new(certificate));
    }

    /// The time since the beginning of 1970 until which it is valid; `None` if it is never valid.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "the console shows it"))]
    pub(crate) fn not_after(&self) -> Option<Duration> {
        certificates::not_after(&self.0.load())
    }
}
