use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::diagnosis::Diagnosis;
use super::{CompileError, Profile};
use crate::steps::discover::Policies;
use crate::steps::engine::PROGRAM;
use crate::steps::workspace::Workspace;
use policy_cargo::{Cargo, CargoOutput, LinkedIds, Message, Target};
use policy_host::progress::Progress;

/// The number of crates in a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Compiled {
    /// Crates that were compiled now.
    pub(crate) fresh: usize,
    /// Crates that were there from an earlier build.
    pub(crate) cached: usize,
}

/// The result of `cargo build`.
pub(super) struct CargoBuild {
    /// The program's path.
    pub(super) program: PathBuf,
    pub(super) compiled: Compiled,
    pub(super) linked: LinkedIds,
}

/// Runs `cargo build`.
pub(super) fn build(
    workspace: &Workspace,
    policies: &Policies,
    target: &Target,
    cache: &Path,
    profile: Profile,
    flags: &OsStr,
    progress: &Progress,
) -> Result<CargoBuild, CompileError> {
    let cargo = Cargo::with_home_in(cache)?;
    let mut command = cargo.command("build", &workspace.root)?;
    let _temporary = policy_cargo::use_temporary_folder(&mut command, cache)?;
    for setting in profile.settings(policies) {
        command.args(["--config", &setting]);
    }
    command
        .args(["--release", "--target", &target.triple])
        .args(["--locked", "--package", PROGRAM, "--message-format", message_format()])
        .arg("--target-dir")
        .arg(cache)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .envs(target.linker_variable());
    let mut program = None;
    let mut compiled = Compiled::default();
    let mut linked = LinkedIds::new(&target.triple);
    let mut diagnosis = Diagnosis::new(workspace, policies);
    let CargoOutput { status, stderr } =
        policy_cargo::stream_messages(command, |message| match message {
            Message::CompilerArtifact(artifact) => {
                progress.step(&artifact.target.name);
                linked.record(&artifact);
                *(if artifact.fresh { &mut compiled.cached } else { &mut compiled.fresh }) += 1;
                program = artifact.executable.or(program.take());
            }
            Message::CompilerMessage(message) => diagnosis.record(&message, progress),
            Message::Other => {}
        })?;
    match (status.success(), program) {
        (true, Some(program)) => Ok(CargoBuild { program: program.into(), compiled, linked }),
        _ => Err(diagnosis.into_error(status, &stderr)),
    }
}

/// The format of Cargo's messages: coloured where the terminal is.
pub(super) fn message_format() -> &'static str {
    if Progress::colours() { "json-diagnostic-rendered-ansi" } else { "json" }
}
