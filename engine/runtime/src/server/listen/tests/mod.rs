//! The server's sockets as clients find them.

pub(crate) mod certificates;
mod ending;
mod protocols;
mod server;
mod slow_clients;
#[cfg(feature = "tls")]
mod tls;
