use std::io;
use std::path::PathBuf;

use policy_text::redact_url;

use crate::net::outbound::TransportError;

/// The reason why there is nothing to write to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// A file that cannot be written.
    #[error("failed to open `{}` to append to it: {error}", path.display())]
    Open {
        /// The value as it was configured.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// Standard output is closed.
    #[error("failed to write to standard output: {0}")]
    Stdout(io::Error),
    /// The address of the collector is no URL.
    #[error(
        "`{}` is no URL of a collector: expected one such as `https://logs.example.com`",
        redact_url(url)
    )]
    Url {
        /// The value as it was configured.
        url: String,
    },
    /// It cannot be asked from here.
    #[error("{0}")]
    Transport(TransportError),
}
