use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::steps::engine::EngineError;

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

/// An error of watching.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("failed to watch `{}`: {reason}\nhelp: name a folder that exists and may be read", path.display())]
    Files { path: PathBuf, reason: String },
    #[error("failed to create a temporary folder for the engine's notifications: {0}")]
    TempDir(io::Error),
}
