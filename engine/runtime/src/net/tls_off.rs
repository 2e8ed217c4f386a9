//! A build without TLS, which opens no connection over it.

/// The reason why there can be no connection over TLS.
#[derive(Debug, thiserror::Error)]
#[error(
    "this program was built without TLS: write `http`, or build anew without `-tls` in \
     `--engine-features`"
)]
pub(crate) struct TlsError;
