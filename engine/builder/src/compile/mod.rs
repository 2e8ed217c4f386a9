//! From the generated workspace to one static binary.

mod cargo;
mod check;
mod configuration;
mod elf;
mod flags;
mod home;
mod linked;
mod linker;
mod messages;
mod paths;
mod profile;
mod target;
mod vendor;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use cargo::{Compiled, Network, complete_lock, metadata};
pub(crate) use check::{Checked, Questions, check};
pub(crate) use configuration::{Configuration, ConfigurationError};
pub(crate) use elf::{check_processor, check_static};
pub(crate) use linked::{Linked, PackageId};
pub(crate) use messages::{Diagnostic, Span};
pub(crate) use paths::cargo_home;
pub(crate) use profile::Profile;
pub(crate) use target::{Target, print, rustc_version};
pub(crate) use vendor::{Vendored, vendor};

use crate::discover::{Policies, Role};
use crate::generate::Workspace;
use crate::progress::Progress;

/// A binary that was compiled, and is known to be one static file where it is to be released.
#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    /// What is to be packed: none of what only runs here.
    pub(crate) bytes: Vec<u8>,
    /// How many crates were compiled for it and how many were there already.
    pub(crate) compiled: Compiled,
    /// The packages that are linked into it, sorted: itself among them.
    pub(crate) linked: Vec<Linked>,
}

/// Compiles the workspace's program, whose lock is complete, with what Cargo keeps between builds
/// in `cache`.
pub(crate) fn compile(
    workspace: &Workspace,
    policies: &Policies,
    target: &Target,
    cache: &Path,
    profile: Profile,
    progress: &Progress,
) -> Result<Binary, CompileError> {
    let flags = match profile {
        Profile::Release => flags::rustflags(workspace, cache, target)?,
        Profile::Quick => profile::quick_rustflags()?,
    };
    let built = cargo::build(workspace, policies, target, cache, profile, &flags, progress)?;
    let (path, compiled) = (built.program, built.compiled);
    if profile == Profile::Quick {
        return Ok(Binary { path, bytes: Vec::new(), compiled, linked: Vec::new() });
    }
    let bytes = fs_err::read(&path)?;
    check_static(&path, &bytes)?;
    paths::check_absent(&bytes, &[&workspace.root, cache])?;
    let linked = linked::packages(workspace, target, cache, &built.linked)?;
    Ok(Binary { path, bytes, compiled, linked })
}

/// Why there is no binary.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(
        "cannot start `{program}`: {error}; Rust is needed to compile the policies: install it \
         from rustup.rs, or have `{program}` on the PATH"
    )]
    NoToolchain { program: String, error: io::Error },
    #[error(
        "the Rust toolchain that {named} asks for does not start: {reason}; install it \
         (`rustup toolchain install`), or have another one named there"
    )]
    Toolchain { reason: String, named: String },
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error("target `{target}` is not one that this compiler knows: {reason}")]
    UnknownTarget { target: String, reason: String },
    #[error(
        "target `{0}` is not Linux: an image holds a Linux program, such as `x86_64-unknown-linux-musl`"
    )]
    NotLinux(String),
    #[error(
        "the standard library for `{target}` is not installed: `rustup target add {target}` \
         installs it"
    )]
    NoStandardLibrary { target: String },
    #[error(
        "nothing here links programs for `{target}`: this toolchain is without `rust-lld`, which \
         those of rustup.rs bring; have it on the PATH, or name another linker, such as `ld.lld` \
         of LLVM, in `{variable}`"
    )]
    NoLinker { target: String, variable: String },
    #[error("vendor the sources of what is compiled: {0}")]
    Vendor(String),
    #[error("resolve the dependencies of the policies: {0}")]
    Resolve(String),
    #[error(
        "{role} crate `{name}` (`{}`) does not compile: the compiler's words are above",
        path.display()
    )]
    Crate { role: Role, name: String, path: PathBuf },
    #[error(
        "no space is left to compile in: free some, or name a work folder elsewhere with \
         `--work-dir`"
    )]
    DiskFull,
    #[error(
        "policy crate `{name}` registers nothing for policy-api {stamp}: write \
         `policy_api::register!(YourPolicy);` at the root of `{}`, once, and have the crate depend \
         on `policy-api` itself; one that is to register nothing says so by `role = \"support\"` in \
         its `[package.metadata.policy-engine]`",
        library.display()
    )]
    NotRegistered { name: String, library: PathBuf, stamp: String },
    #[error(
        "crate `{0}`, which the policies depend on, does not compile: the compiler's words are above"
    )]
    Dependency(String),
    #[error(
        "Clippy, by which policies are vetted, is not installed: `rustup component add clippy` \
         installs it; `--no-vet` builds without vetting"
    )]
    NoClippy,
    #[error(
        "crate `{0}` brings an allocator for the whole program (`#[global_allocator]`), which has \
         one already: leave that to the engine"
    )]
    Allocator(String),
    #[error("ask Cargo what the program is linked with: {0}")]
    Metadata(String),
    #[error(
        "the program does not link: the words of compiler and linker are above; Cargo's \
         configuration can name another linker for the target"
    )]
    Link,
    #[error(
        "a message of the compiler is not understood: {0}; code that macros nest so deeply cannot be \
         judged: write it out"
    )]
    Unread(serde_json::Error),
    #[error("cargo ended with {status}: {words}")]
    Cargo { status: String, words: String },
    #[error(
        "`{}` is not one static file: it asks for {needs}; compile for a musl target, or link \
         what it asks for statically", path.display()
    )]
    NotStatic { path: PathBuf, needs: String },
    #[error("`{}` is not an ELF program: {reason}", path.display())]
    NotElf { path: PathBuf, reason: String },
    #[error(
        "`{}` is for another processor than `{target}`, which its workspace was laid out for: \
         compile it for that target, or lay the workspace out with the other `--target`",
        path.display()
    )]
    OtherProcessor { path: PathBuf, target: String },
    #[error(
        "the program holds the path `{}` of this machine, so the same sources would give other \
         bytes elsewhere: a policy or a crate it depends on uses `env!(\"CARGO_MANIFEST_DIR\")` \
         or `env!(\"OUT_DIR\")` as text; have it use `include_str!` or `include_bytes!` instead",
        .0.display()
    )]
    PathInside(PathBuf),
    #[error("compile the program: {0}")]
    Io(#[from] io::Error),
}
