//! The network beside what is listened on: requests of this program's own, and names of the DNS.

mod authorities;
pub(crate) mod dns;
pub(crate) mod outbound;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
mod tls_off;

pub(crate) use authorities::Authorities;
#[cfg(feature = "tls")]
use tls::{Connector, TlsError, connector};
#[cfg(not(feature = "tls"))]
use tls_off::TlsError;
