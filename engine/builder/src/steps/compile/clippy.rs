use std::path::{Path, PathBuf};

use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};

use super::CompileError;
use super::build::message_format;
use super::diagnosis::Diagnosis;
use crate::steps::discover::{Policies, Role};
use crate::steps::engine::PROGRAM;
use crate::steps::workspace::Workspace;
use policy_cargo::{Cargo, CargoOutput, Message, Target};
use policy_host::progress::Progress;

/// The configuration of a run of Clippy.
pub(crate) struct ClippyConfig<'a> {
    /// The folder of its `clippy.toml`.
    pub(crate) configuration: &'a Path,
    /// The compiler's flags that say which lints.
    pub(crate) flags: &'a [String],
}

/// The results of Clippy for the crates of the policies folder, in its own order.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Each with the folder of its crate in the workspace.
    pub(crate) diagnostics: Vec<(PathBuf, Diagnostic)>,
    /// Crates' folders, each with the file that lists what the crate was compiled from.
    pub(crate) dep_infos: Vec<(PathBuf, PathBuf)>,
}

/// Runs Clippy on the policy crates and what they use of the policies folder, as they will be
/// compiled: with the same target, profile and features. What was checked and has not changed is
/// not checked again; Cargo repeats what was said of it.
pub(crate) fn check(
    workspace: &Workspace,
    policies: &Policies,
    target: &Target,
    cache: &Path,
    config: &ClippyConfig<'_>,
    progress: &Progress,
) -> Result<Checked, CompileError> {
    let cargo = Cargo::with_home_in(cache)?;
    let mut command = cargo.clippy(&workspace.root)?.ok_or(CompileError::NoClippy)?;
    let _temporary = policy_cargo::use_temporary_folder(&mut command, cache)?;
    command.args(["--release", "--locked", "--lib", "--target", &target.triple]);
    command.args(["--message-format", message_format()]);
    command.arg("--target-dir").arg(cache);
    for policy_crate in policies.of_role(Role::Policy) {
        command.args(["--package", &policy_crate.name]);
    }
    // Only what is selected switches features of the others on, and `policies.toml` asks for some
    // by way of the program. That has no library, so nothing of its own is checked.
    command.args(["--package", PROGRAM]);
    command.arg("--").args(config.flags);
    command.env("CLIPPY_CONF_DIR", config.configuration);

    let ours = workspace.root.join("policies");
    let is_ours = |folder: &Path, target: &cargo_metadata::Target| {
        folder.starts_with(&ours) && !policy_cargo::runs_at_compile_time(target)
    };
    let mut checked = Checked::default();
    let mut diagnosis = Diagnosis::new(workspace, policies);
    let CargoOutput { status, stderr } =
        policy_cargo::stream_messages(command, |message| match message {
            Message::CompilerArtifact(artifact) => {
                progress.step(&artifact.target.name);
                let folder = artifact.manifest_path.as_std_path().parent().unwrap_or(Path::new(""));
                if is_ours(folder, &artifact.target) {
                    let mut files = artifact.filenames.iter();
                    let dep_info =
                        files.find_map(|file| policy_cargo::dep_info_of(file.as_std_path()));
                    checked.dep_infos.extend(dep_info.map(|file| (folder.to_owned(), file)));
                }
            }
            Message::CompilerMessage(message) => {
                if message.message.level == DiagnosticLevel::Error {
                    diagnosis.record(&message, progress);
                } else if is_ours(message.folder(), &message.target) {
                    let folder = message.folder().to_owned();
                    checked.diagnostics.push((folder, message.message));
                }
            }
            Message::Other => {}
        })?;
    if status.success() {
        return Ok(checked);
    }
    if !diagnosis.has_error() && !cargo.has_clippy(&workspace.root)? {
        return Err(CompileError::NoClippy);
    }
    Err(diagnosis.into_error(status, &stderr))
}
