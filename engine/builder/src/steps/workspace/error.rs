use std::io;
use std::path::PathBuf;

use policy_cargo::CargoError;
use policy_cargo::lockfile::LockError;
use policy_cargo::manifest::ManifestError;
use semver::{Version, VersionReq};

use crate::steps::discover::Role;

/// An error of laying out a workspace.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    #[error(
        "`{}` is inside the policies folder, where nothing is written\nhelp: name another folder",
        root.display()
    )]
    InsidePolicies { root: PathBuf },
    #[error(
        "`{}` holds something else than a workspace that policy-builder laid out, so it is left as \
         it is\nhelp: name an empty or a new folder",
        root.display()
    )]
    NotOurs { root: PathBuf },
    #[error(
        "the tests of `{}` depend on the folder `{}`, which is none of the policies folder's \
         crates\nhelp: move that crate into the policies folder, or depend on a published version \
         of it",
        path.display(),
        dependency.display()
    )]
    TestsOutside { path: PathBuf, dependency: PathBuf },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Conflict(#[from] Box<Conflict>),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error("failed to write `policies.json`: {0}")]
    Json(#[from] serde_json::Error),
    #[error("failed to lay out the workspace: {0}")]
    Files(#[from] io::Error),
    /// Some files of it are written, and others are not.
    #[error("failed to lay out the workspace: {0}")]
    Incomplete(#[source] io::Error),
}

/// Two crates of the policies folder that were locked to versions of a package which Cargo takes
/// for one another, and one of which does not do with the other's.
#[derive(Debug, thiserror::Error)]
#[error(
    "{role} crate `{name}` asks for `{package}` `{requirement}` and is locked to {locked}, but \
     {other} is locked to {chosen}, and a program has one version of each compatible range\nhelp: \
     have both ask for what one version meets, and lock both to that one"
)]
pub(crate) struct Conflict {
    pub(super) role: Role,
    pub(super) name: String,
    pub(super) package: String,
    pub(super) requirement: VersionReq,
    pub(super) locked: Version,
    pub(super) other: String,
    pub(super) chosen: Version,
}
