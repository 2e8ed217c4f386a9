//! Sockets: TCP, TLS and unix sockets, HTTP/1.1 and HTTP/2. What requests ask for is not known here.

mod acceptor;
mod coalesce_wakes;
mod connection;
mod connection_memory;
mod error;
mod handler;
mod idle;
mod lent_socket;
mod listener;
mod listeners;
mod open_files;
mod peer;
mod phase;
mod request_body;
mod socket;
#[cfg(test)]
mod tests;
mod tls;
mod unix;

pub(crate) use self::error::BindError;
pub(crate) use self::handler::{RequestHandler, Surface};
pub(crate) use self::listeners::Listeners;
pub(crate) use self::peer::Peer;
pub(crate) use self::phase::ShutdownPhase;
pub(crate) use self::request_body::RequestBody;
#[cfg(feature = "console")]
pub(crate) use self::tls::ServedCertificate;
pub(crate) use self::unix::UnixSocketFile;
