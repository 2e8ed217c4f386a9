use std::io;
use std::process::ExitStatus;
use std::time::Duration;

/// An error of starting an engine.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("failed to start the new engine: {0}")]
    NotStarted(io::Error),
    #[error("the new engine refuses its configuration ({0}): see its messages above")]
    Refused(ExitStatus),
    #[error("failed to read what the new engine prints of its configuration: {0}")]
    NotUnderstood(serde_json::Error),
    #[error(
        "failed to listen on `{address}`: {error}\nhelp: choose another address with `-- \
             --listen`"
    )]
    Listen { address: String, error: io::Error },
    #[error("failed to receive the new engine's readiness notification: {0}")]
    Notify(io::Error),
    #[error("the new engine ended before it was ready ({0}): see its messages above")]
    Ended(ExitStatus),
    #[error("the new engine was not ready within {} seconds, and was ended", .0.as_secs())]
    NotReady(Duration),
    #[error("told to end")]
    Interrupted,
}
