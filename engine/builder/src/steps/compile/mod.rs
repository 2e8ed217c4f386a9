//! From the generated workspace to one static binary.

mod build;
mod clippy;
mod diagnosis;
mod error;
mod paths;
mod profile;

use std::path::{Path, PathBuf};

pub(crate) use build::Compiled;
pub(crate) use clippy::{Checked, ClippyConfig, check};
pub(crate) use profile::Profile;

use crate::steps::answers::{Answers, Question};
use crate::steps::discover::Policies;
use crate::steps::platform;
use crate::steps::workspace::Workspace;
pub(crate) use error::CompileError;
use policy_cargo::{Cargo, CargoError, LinkedPackage, Target};
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
/// in `cache`, and what it answered of this workspace before.
pub(crate) fn compile(
    workspace: &Workspace,
    policies: &Policies,
    target: &Target,
    cache: &Path,
    profile: Profile,
    answers: &Answers,
    progress: &Progress,
) -> Result<Binary, CompileError> {
    let flags = policy_cargo::rustflags(&workspace.root, cache, target)?;
    let built = build::build(workspace, policies, target, cache, profile, &flags, progress)?;
    let (path, compiled) = (built.program, built.compiled);
    if profile == Profile::Quick {
        return Ok(Binary { path, bytes: Vec::new(), compiled, linked: Vec::new() });
    }
    let bytes = fs_err::read(&path)?;
    policy_cargo::check_static(&path, &bytes)?;
    paths::check_absent(&bytes, &[&workspace.root, cache])?;
    let question = Question::new()?.about(&workspace.root)?;
    let metadata = answers.find_or(&format!("metadata-{}", target.triple), &question, || {
        // Where the home of the user's Cargo cannot be written to, only this one has the sources.
        let cargo = Cargo::with_home_in(cache)?;
        Ok::<_, CompileError>(built.linked.print_metadata(&cargo, &workspace.root)?)
    })?;
    let linked = built.linked.packages(&metadata)?;
    Ok(Binary { path, bytes, compiled, linked })
}
