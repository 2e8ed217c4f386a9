use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use policy_text::escape_json;

use super::loader::LoadError;
use crate::audit::{DescribeError, VerifyError};
use crate::builder_image::BuilderImageError;
use crate::scaffold::ScaffoldError;
use crate::signatures::{KeyFileError, SignatureError};
use crate::steps::BuildError;
use crate::steps::discover::DiscoverError;
use crate::steps::engine::EngineError;
use crate::steps::image::prebuilt::PrebuiltError;
use crate::steps::resolve::ResolveError;
use crate::steps::resolve::policies_lock::LockedError;
use crate::steps::vet::VetError;
use crate::steps::workspace::GenerateError;
use crate::watch::WatchError;
use policy_cargo::CargoError;
use policy_cargo::lockfile::LockError;
use policy_host::atomic::WriteError;
use policy_oci::archive::RelabelError;
use policy_oci::image::IndexError;
use policy_oci::push::PushError;
use policy_oci::{ImageError, ReferenceError};

/// Prints text of this program's own, in which everything else is escaped.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    io::stdout().write_all(text.as_bytes()).map_err(Failure::Print)
}

/// Prints a document as it is, unless a terminal would act on it.
pub(super) fn print_document(bytes: &[u8]) -> Result<(), Failure> {
    let shown = match str::from_utf8(bytes) {
        Ok(text) if io::stdout().is_terminal() => escape_json(text),
        _ => return io::stdout().write_all(bytes).map_err(Failure::Print),
    };
    print(&shown)
}

/// An error of any command.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("failed to write the man pages to `{}`: {error}", folder.display())]
    ManPages { folder: PathBuf, error: io::Error },
    #[error(transparent)]
    Scaffold(#[from] ScaffoldError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Locked(#[from] LockedError),
    #[error(transparent)]
    Renewal(#[from] UnknownPackage),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Compile(#[from] CargoError),
    #[error(transparent)]
    Prebuilt(#[from] PrebuiltError),
    #[error(transparent)]
    Pack(#[from] ImageError),
    #[error(transparent)]
    Push(#[from] PushError),
    #[error(
        "there is no file or folder `{0}`\nhelp: if that is the destination, name the image \
         first, as in `policy-builder push policy-engine.tar {0}`"
    )]
    NoImage(String),
    #[error(
        "there is no `{0}` here\nhelp: build it with `policy-builder image`, or name the image \
         to push"
    )]
    NoArchive(String),
    #[error(transparent)]
    Label(#[from] RelabelError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    BuilderImage(#[from] BuilderImageError),
    #[error(transparent)]
    Name(#[from] ReferenceError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("failed to start the program `{}`: {error}", program.display())]
    NotStarted { program: PathBuf, error: io::Error },
    #[error(transparent)]
    Destination(#[from] WriteError),
    #[error(
        "no archive has layers of zstd: Docker before 23 fails to load them\nhelp: write a layout, \
         with `--oci-layout DIR` and without `--output` or `--load`, and push that"
    )]
    ZstdArchive,
    #[error("failed to use the system's folder for temporary files: {0}")]
    TempDir(io::Error),
    #[error(transparent)]
    Vet(#[from] VetError),
    #[error(transparent)]
    Describe(#[from] DescribeError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(
        "the image `{image}` has no {what} attached\nhelp: build the image with `policy-builder \
         image`, and copy it with a tool that copies referrers"
    )]
    NotAttached { image: String, what: &'static str },
    #[error(
        "the image `{image}` is for several platforms ({})\nhelp: name one with `--platform`",
        platforms.join(", ")
    )]
    SeveralPlatforms { image: String, platforms: Vec<String> },
    #[error("the image `{image}` is not for `{platform}`: expected one of {}", known.join(", "))]
    NoPlatform { image: String, platform: String, known: Vec<String> },
    #[error("failed to write the result as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("failed to write to standard output: {0}")]
    Print(io::Error),
}

/// A package that is to be updated and is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no package `{name}` to update: neither the engine nor the policies depend on \
     it\nhelp: `cargo tree` in a workspace of `policy-builder generate` shows what they depend on"
)]
pub(super) struct UnknownPackage {
    pub(super) name: String,
}
