use std::io;
use std::process::ExitStatus;
use std::time::Duration;

/// An error of starting an engine.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("start the new engine: {0}")]
    NotStarted(io::Error),
    #[error("the new engine refuses its configuration ({0}): its words are above")]
    Refused(ExitStatus),
    #[error("what the new engine says of its configuration is not understood: {0}")]
    NotUnderstood(serde_json::Error),
    #[error("listen on `{address}`: {error}; choose another address behind `--`, with `--listen`")]
    Listen { address: String, error: io::Error },
    #[error("hear from the new engine that it is ready: {0}")]
    Notify(io::Error),
    #[error("the new engine ended before it was ready ({0}): its words are above")]
    Ended(ExitStatus),
    #[error("the new engine was not ready within {} seconds, and was ended", .0.as_secs())]
    NotReady(Duration),
    #[error("told to end")]
    Interrupted,
}
