use std::io;
use std::path::PathBuf;

use policy_cargo::lockfile::LockError;

use crate::steps::compile::CompileError;

/// An error of vetting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VetError {
    #[error("{0}")]
    Found(String),
    #[error("failed to vet the policies: {0}")]
    Lock(#[from] LockError),
    #[error(transparent)]
    Check(#[from] CompileError),
    #[error(
        "`{}` is no advisory database: expected a folder with `crates` in it, as in a checkout of \
         github.com/RustSec/advisory-db", .0.display()
    )]
    NoDatabase(PathBuf),
    #[error("advisory `{}` is not as RustSec writes them: {reason}", path.display())]
    Advisory { path: PathBuf, reason: String },
    #[error("failed to vet the policies: {0}")]
    Files(#[from] io::Error),
}
