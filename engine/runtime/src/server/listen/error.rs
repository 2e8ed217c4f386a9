use std::io;

use super::tls::TlsError;

/// The error of an address that the server cannot listen on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    /// Another program listens there.
    #[error(
        "failed to listen on `{url}`: another program does already\nhelp: stop it, or choose another \
         address"
    )]
    InUse { url: String },
    /// The system's own reason.
    #[error("failed to listen on `{url}`: {error}{}", help(error))]
    System { url: String, error: io::Error },
    /// The path exists and is not a socket, so it is not removed.
    #[error(
        "failed to listen on `{url}`: the path exists and is not a socket\nhelp: remove it, or choose \
         another path"
    )]
    NotASocket { url: String },
    /// The address is `https`, and no certificate is configured.
    #[error(
        "failed to listen on `{url}`: no certificate is configured\nhelp: name one and its key, or \
         write `http`"
    )]
    NoCertificate { url: String },
    /// The certificate or its key is wrong.
    #[error(transparent)]
    Tls(TlsError),
}

impl BindError {
    pub(super) fn new(url: String, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { url },
            _ => Self::System { url, error },
        }
    }
}

fn help(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "\nhelp: choose a port above 1023, or a folder that this user may write to"
        }
        io::ErrorKind::AddrNotAvailable => "\nhelp: choose an address of this machine",
        io::ErrorKind::NotFound => "\nhelp: make the folder first, or choose another path",
        _ => "",
    }
}
