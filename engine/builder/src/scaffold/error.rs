use std::io;
use std::path::PathBuf;

use super::NameError;
use super::cargo_config::PatchError;
use crate::steps::engine::EngineError;
use policy_cargo::manifest::ManifestError;
use policy_host::atomic::WriteError;

/// An error of `new`, `add` or `setup`.
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
    #[error(
        "there is neither a `Cargo.toml` nor a folder `policies` in `{}`\nhelp: name the folder that \
         has one, or start one with `policy-builder new`", .0.display()
    )]
    NotPolicies(PathBuf),
    #[error("failed to set up Cargo's configuration `{}`: {problem}", path.display())]
    Configuration { path: PathBuf, problem: PatchError },
    #[error(
        "failed to set up Cargo's configuration `{}`: Git tracks it, and a path of this machine would \
         be committed\nhelp: have Git ignore it, or write this into a `.cargo/config.toml` of a folder \
         above:\n[patch.crates-io]\npolicy-api = {{ path = \"{}\" }}", path.display(), api.display()
    )]
    Tracked { path: PathBuf, api: PathBuf },
    #[error(transparent)]
    Destination(#[from] WriteError),
    #[error("failed to read the workspace around the policies folder: {0}")]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("failed to read the policies folder: {0}")]
    Read(#[from] io::Error),
}
