use std::path::PathBuf;

use policy_cargo::CargoError;
use policy_cargo::lockfile::LockError;

use super::entry::EntryError;

/// An error of fetching a policy from elsewhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    #[error(transparent)]
    Entry(#[from] EntryError),
    #[error(
        "`{}`: policy `{key}` is to be in `{}`, where there is no `Cargo.toml`\nhelp: correct its \
         `path`, which is relative to the file's folder", file.display(), folder.display()
    )]
    NoCrate { file: PathBuf, key: String, folder: PathBuf },
    #[error("failed to fetch policy `{key}`, which `policies.toml` names: {words}")]
    Fetch { key: String, words: String },
    #[error("failed to fetch policy `{key}`, which `policies.toml` names: Cargo printed {found}")]
    Words { key: String, found: String },
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("failed to fetch the policies that `policies.toml` names: {0}")]
    Files(#[from] std::io::Error),
}
