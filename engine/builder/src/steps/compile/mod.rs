//! From the generated workspace to one static binary.

mod build;
mod clippy;
mod diagnosis;
mod paths;
mod profile;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use build::Compiled;
pub(crate) use clippy::{Checked, ClippyConfig, check};
pub(crate) use profile::Profile;

use crate::steps::discover::{Policies, Role};
use crate::steps::platform;
use crate::steps::workspace::Workspace;
use policy_cargo::{CargoError, ElfError, LinkedPackage, Target};
use policy_host::progress::Progress;
use policy_oci::Platform;

/// The target for a platform: musl, or the default target on this machine's own platform.
pub(crate) fn target_for_platform(platform: &Platform) -> Result<Target, CargoError> {
    let is_own = platform::from_target(&policy_cargo::rustc::host()?) == *platform;
    Target::choose(platform::musl_target(platform).filter(|_| !is_own))
}

/// A binary that was compiled, and is known to be one static file where it is to be released.
#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    /// The program's bytes; empty for one that only runs here.
    pub(crate) bytes: Vec<u8>,
    /// The number of crates that were compiled for it, and that were there already.
    pub(crate) compiled: Compiled,
    /// The packages that are linked into it, sorted: itself among them.
    pub(crate) linked: Vec<LinkedPackage>,
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
        Profile::Release => policy_cargo::rustflags(&workspace.root, cache, target)?,
        Profile::Quick => policy_cargo::lld_rustflags()?,
    };
    let built = build::build(workspace, policies, target, cache, profile, &flags, progress)?;
    let (path, compiled) = (built.program, built.compiled);
    if profile == Profile::Quick {
        return Ok(Binary { path, bytes: Vec::new(), compiled, linked: Vec::new() });
    }
    let bytes = fs_err::read(&path)?;
    policy_cargo::check_static(&path, &bytes)?;
    paths::check_absent(&bytes, &[&workspace.root, cache])?;
    let linked =
        policy_cargo::linked_packages(&workspace.root, &target.triple, cache, &built.linked)?;
    Ok(Binary { path, bytes, compiled, linked })
}

/// An error of compiling the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Elf(#[from] ElfError),
    #[error(
        "{role} crate `{name}` (`{}`) does not compile: see the compiler's messages above",
        path.display()
    )]
    Crate { role: Role, name: String, path: PathBuf },
    #[error(
        "no space left to compile in\nhelp: free some, or name a work folder elsewhere with \
         `--work-dir`"
    )]
    DiskFull,
    #[error(
        "policy crate `{name}` registers nothing for policy-api {stamp}\nhelp: write \
         `policy_api::register!(YourPolicy);` at the root of `{}`, once, and have the crate depend \
         on `policy-api` itself; a crate that is to register nothing says so by `role = \
         \"support\"` in its `[package.metadata.policy-engine]`",
        library.display()
    )]
    NotRegistered { name: String, library: PathBuf, stamp: String },
    #[error(
        "crate `{0}`, which the policies depend on, does not compile: see the compiler's messages \
         above"
    )]
    Dependency(String),
    #[error(
        "Clippy, which vets policies, is not installed\nhelp: run `rustup component add clippy`, \
         or build without vetting with `--no-vet`"
    )]
    NoClippy,
    #[error(
        "crate `{0}` brings an allocator for the whole program (`#[global_allocator]`), which has \
         one already\nhelp: leave the allocator to the engine"
    )]
    Allocator(String),
    #[error(
        "the program does not link: see the messages of compiler and linker above\nhelp: Cargo's \
         configuration can name another linker for the target"
    )]
    Link,
    #[error("cargo ended with {status}: {words}")]
    Failed { status: String, words: String },
    #[error(
        "the program holds the path `{}` of this machine, so the same sources would give other \
         bytes elsewhere: a policy or a crate it depends on uses `env!(\"CARGO_MANIFEST_DIR\")` or \
         `env!(\"OUT_DIR\")` as text\nhelp: have it use `include_str!` or `include_bytes!` instead",
        .0.display()
    )]
    PathInside(PathBuf),
    #[error("failed to compile the program: {0}")]
    Io(#[from] io::Error),
}
