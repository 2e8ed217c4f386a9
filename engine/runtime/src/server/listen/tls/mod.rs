//! TLS, with certificates that may change. Without the feature `tls` a module with the same interface
//! is compiled, which has none.

#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod error;
#[cfg(not(feature = "tls"))]
mod off;
#[cfg(feature = "tls")]
mod served;
#[cfg(feature = "tls")]
mod server;
#[cfg(feature = "tls")]
mod usage;

#[cfg(feature = "tls")]
pub(super) use self::error::TlsError;
#[cfg(not(feature = "tls"))]
pub(crate) use self::off::ServedCertificate;
#[cfg(not(feature = "tls"))]
pub(super) use self::off::{ServerTls, TlsError, TlsHandshake};
#[cfg(feature = "tls")]
pub(crate) use self::served::ServedCertificate;
#[cfg(feature = "tls")]
pub(super) use self::server::{ServerTls, TlsHandshake};
