use std::io;

use super::tls::TlsError;

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    /// Somebody answers there.
    #[error(
        "cannot listen on `{url}`: another program does already: stop it, or choose another address"
    )]
    InUse { url: String },
    /// The system says why.
    #[error("cannot listen on `{url}`: {error}{}", advice(error))]
    System { url: String, error: io::Error },
    /// It is not removed, as a socket that was left behind would be.
    #[error(
        "cannot listen on `{url}`: there is something that is not a socket: remove it, or choose \
         another path"
    )]
    NotASocket { url: String },
    /// An `https` address alone does not do.
    #[error(
        "cannot listen on `{url}` without a certificate: name one and its key, or write `http`"
    )]
    NoCertificate { url: String },
    /// The files of TLS.
    #[error(transparent)]
    Tls(TlsError),
}

impl BindError {
    pub(super) fn of(url: String, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { url },
            _ => Self::System { url, error },
        }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ": choose a port above 1023, or a folder that this user may write to"
        }
        io::ErrorKind::AddrNotAvailable => ": choose an address of this machine",
        io::ErrorKind::NotFound => ": make the folder first, or choose another path",
        _ => "",
    }
}
