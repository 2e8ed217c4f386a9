use std::io;
use std::path::PathBuf;

use super::NameError;
use crate::steps::engine::EngineError;
use policy_cargo::manifest::ManifestError;
use policy_host::atomic::WriteError;

/// An error of `new` or `add`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScaffoldError {
    #[error(
        "there is no policies folder `{}`\nhelp: name yours with `--policies`, or start one with \
         `policy-builder new`", .0.display()
    )]
    NoFolder(PathBuf),
    #[error(
        "failed to add the crate `{name}`: `{}` has that name already{}\nhelp: choose another name", path.display(),
        if existing == name { String::new() } else {
            format!(", as `{existing}`, which is the same to Rust")
        }
    )]
    Exists { name: String, existing: String, path: PathBuf },
    #[error(
        "failed to find `policy-api` for new policies: {0}, or say where it is with `--policy-api`"
    )]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Destination(#[from] WriteError),
    #[error("failed to read the workspace around the policies folder: {0}")]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("failed to read the policies folder: {0}")]
    Read(#[from] io::Error),
}
