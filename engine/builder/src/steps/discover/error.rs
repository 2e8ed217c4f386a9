use std::io;
use std::path::PathBuf;

use semver::{Version, VersionReq};

use crate::steps::discover::policies_file::PoliciesFileError;
use crate::steps::discover::remote::RemoteError;
use policy_cargo::lockfile::LockError;
use policy_cargo::manifest::ManifestError;

/// An error of finding the policies of a folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoverError {
    #[error("there is no policies folder `{}`\nhelp: name yours with `--policies`", root.display())]
    NoFolder { root: PathBuf },
    #[error(
        "no policies in `{}`: expected subfolders with a `Cargo.toml` that depends on `policy-api`{}\n\
         help: {}",
        root.display(),
        if support.is_empty() {
            String::new()
        } else {
            format!("; the crates there ({}) are support crates", support.join(", "))
        },
        match deeper {
            Some(deeper) => format!("name the folder in it: `--policies {}`", deeper.display()),
            None => "start one with `policy-builder add NAME`, or name another folder with \
                     `--policies`".to_owned(),
        }
    )]
    NoPolicies {
        root: PathBuf,
        support: Vec<String>,
        /// A folder in there that has crates.
        deeper: Option<PathBuf>,
    },
    #[error(
        "`{}` holds Rust files (`{}`) but no `Cargo.toml`\nhelp: add one, or move the folder away",
        folder.display(),
        file.display()
    )]
    NoManifest { folder: PathBuf, file: PathBuf },
    #[error("`{}` has no `[package]`: expected a crate's manifest, with a name and a version", path.display())]
    NoPackage { path: PathBuf },
    #[error("`{}` has no `{key}` in its `[package]`\nhelp: add one, as text", path.display())]
    NoField { path: PathBuf, key: &'static str },
    #[error("`{}` has the version `{version}`, which is not a semantic version such as `1.2.0`: {source}", path.display())]
    Version { path: PathBuf, version: String, source: semver::Error },
    #[error(
        "`{}` has the name `{name}`, which Cargo does not take\nhelp: use letters, digits, `-` and \
         `_`, a letter first",
        path.display()
    )]
    Name { path: PathBuf, name: String },
    #[error(
        "`{}` has the `role` {found} in its `[package.metadata.policy-engine]`: expected \"support\", \
         for a crate that depends on `policy-api` and registers nothing",
        path.display()
    )]
    Role { path: PathBuf, found: String },
    #[error(
        "two crates are named `{name}`: `{}` and `{}`\nhelp: rename one of them",
        first.display(),
        second.display()
    )]
    SameName { name: String, first: PathBuf, second: PathBuf },
    #[error(
        "`{}` names the policy `{name}`, and the crate in `{}` has that name, too\nhelp: rename \
         that one, or remove the entry", file.display(), local.display()
    )]
    SameAsRemote { name: String, file: PathBuf, local: PathBuf },
    #[error(
        "`{}` would lie where the policy `{name}` from elsewhere is laid out\nhelp: rename that \
         folder",
        folder.display()
    )]
    SameFolder { name: String, folder: PathBuf },
    #[error("`{}` is named `{name}`, which is the engine's own\nhelp: choose another name", path.display())]
    TakenName { name: String, path: PathBuf },
    #[error(
        "`{}` has a `[{section}]`, which does not count in the program's workspace: the policy \
         would be built from other sources than its tests were\nhelp: remove it", path.display()
    )]
    Patched { path: PathBuf, section: &'static str },
    #[error(
        "policy crate `{name}` asks for policy-api `{wanted}` in `{}`, and this engine has \
         {has}\nhelp: change the requirement, or build with an engine that has it", path.display()
    )]
    OtherApi { name: String, path: PathBuf, wanted: String, has: Version },
    #[error(
        "`{}` depends on `policy-api` but has no library: expected `{}`, with `policy_api::register!` in it",
        path.display(),
        file.display()
    )]
    NoLibrary { path: PathBuf, file: PathBuf },
    #[error(
        "policy crate `{name}` is a procedural macro, which runs in the compiler and not in a \
         program\nhelp: remove `proc-macro` from the `[lib]` of `{}`, or move the policy into a \
         crate of its own", path.display()
    )]
    Macros { path: PathBuf, name: String },
    #[error(
        "policy crate `{name}` is compiled as {} alone, which no Rust program can be linked \
         with\nhelp: add `\"lib\"` to the `crate-type` in the `[lib]` of `{}`",
        types.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" and "),
        path.display()
    )]
    OtherLibrary { path: PathBuf, name: String, types: Vec<String> },
    #[error(
        "policy crate `{name}` has a library of the name `{library}`, which Rust does not take for \
         a crate's in a path, so the program cannot refer to it\nhelp: rename the package, or set \
         another `name` in the `[lib]` of `{}`", path.display()
    )]
    Unspeakable { path: PathBuf, name: String, library: String },
    #[error(
        "two policy crates have a library of the name `{library}`: `{}` and `{}`\nhelp: set \
         another `name` in the `[lib]` of one of them",
        first.display(),
        second.display()
    )]
    SameLibrary { library: String, first: PathBuf, second: PathBuf },
    #[error(
        "`{}` depends on the folder `{}`, which is outside of the policies folder\nhelp: move that \
         crate into it, or depend on a published version of it", path.display(), dependency.display()
    )]
    Outside { path: PathBuf, dependency: PathBuf },
    #[error(
        "`{}` depends on the folder `{}`, which has no `Cargo.toml`\nhelp: correct its path",
        path.display(), dependency.display()
    )]
    NoDependency { path: PathBuf, dependency: PathBuf },
    #[error("the crates {} depend on one another in a circle\nhelp: remove one of these \
             dependencies", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → "))]
    Cycle { names: Vec<String> },
    #[error("`{}` is not a name in UTF-8\nhelp: rename it", path.display())]
    NotUtf8 { path: PathBuf },
    #[error(transparent)]
    File(#[from] PoliciesFileError),
    #[error(transparent)]
    Remote(Box<RemoteError>),
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("failed to read the policies: {0}")]
    Read(#[from] io::Error),
}

impl From<RemoteError> for DiscoverError {
    fn from(error: RemoteError) -> Self {
        Self::Remote(Box::new(error))
    }
}

/// A crate is not what its entry says.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: policy `{key}` leads to `{}`, which is {found}: {problem}", file.display(), path.display())]
pub(crate) struct Mismatch {
    pub(super) file: PathBuf,
    pub(super) key: String,
    pub(super) path: PathBuf,
    /// Name and version.
    pub(super) found: String,
    pub(super) problem: MismatchReason,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum MismatchReason {
    #[error("expected the crate `{0}`\nhelp: the entry's `package` names the crate")]
    Name(String),
    #[error("expected version `{0}`\nhelp: change the entry's `version`")]
    Version(VersionReq),
    #[error("a support crate, which registers no policy\nhelp: remove the entry")]
    Role,
}
