use std::io;
use std::path::PathBuf;

use super::NameError;
use crate::cargo::manifest::ManifestError;
use crate::steps::engine::EngineError;
use policy_host::atomic::WriteError;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScaffoldError {
    #[error(
        "there is no policies folder `{}`: name yours with `--policies`, or begin one with \
         `policy-builder new`", .0.display()
    )]
    NoFolder(PathBuf),
    #[error(
        "add the crate `{name}`: `{}` has that name already{}; choose another", path.display(),
        if existing == name { String::new() } else {
            format!(", as `{existing}`, which is the same to Rust")
        }
    )]
    Exists { name: String, existing: String, path: PathBuf },
    #[error(
        "find where new policies take `policy-api` from: {0}, or say where that is with \
         `--policy-api`"
    )]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Destination(#[from] WriteError),
    #[error("read the workspace around the policies folder: {0}")]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("read the policies folder: {0}")]
    Read(#[from] io::Error),
}
