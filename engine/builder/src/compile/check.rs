use std::path::{Path, PathBuf};

use super::cargo::{self, Blame, Cargo, Followed};
use super::messages::{Diagnostic, Message};
use super::{CompileError, Target};
use crate::discover::{Policies, Role};
use crate::generate::{self, Workspace};
use crate::progress::Progress;

/// What Clippy is asked.
pub(crate) struct Questions<'a> {
    /// The folder of its `clippy.toml`.
    pub(crate) configuration: &'a Path,
    /// The compiler's flags that say which lints.
    pub(crate) flags: &'a [String],
}

/// What Clippy said of the crates in the policies folder, in the order that it did.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Each with the folder of its crate in the workspace.
    pub(crate) diagnostics: Vec<(PathBuf, Diagnostic)>,
    /// Crates' folders, each with the file that says what the crate was compiled from, as rustc
    /// writes it for Cargo (`--emit dep-info`).
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
    questions: &Questions<'_>,
    progress: &Progress,
) -> Result<Checked, CompileError> {
    let cargo = Cargo::kept(cache)?;
    let mut command = cargo.command("clippy", &workspace.root)?;
    let _scratch = cargo::scratch(&mut command, cache)?;
    command.args(["--release", "--locked", "--lib", "--target", &target.triple]);
    command.args(["--message-format", cargo::message_format()]);
    command.arg("--target-dir").arg(cache);
    for it in policies.of_role(Role::Policy) {
        command.args(["--package", &it.name]);
    }
    // Only what is selected switches features of the others on, and `policies.toml` asks for some
    // by way of the program. That has no library, so nothing of its own is checked.
    command.args(["--package", generate::PROGRAM]);
    command.arg("--").args(questions.flags);
    command.env("CLIPPY_CONF_DIR", questions.configuration);

    let folder = |manifest: &Path| manifest.parent().unwrap_or(Path::new("")).to_owned();
    let ours = workspace.root.join("policies");
    let mut checked = Checked::default();
    let mut blame = Blame::new(workspace, policies);
    let Followed { status, words } = cargo::follow(command, |message| match message {
        Message::Artifact { target, manifest_path, filenames, .. } => {
            progress.compiled(&target.name);
            if manifest_path.starts_with(&ours) && !target.is_for_the_compiler() {
                let metadata = filenames.into_iter().find_map(|file| dep_info_of(&file));
                checked.dep_infos.extend(metadata.map(|file| (folder(&manifest_path), file)));
            }
        }
        Message::Diagnostic { target, manifest_path, message } => {
            if message.level == "error" {
                blame.tell(&target, &manifest_path, &message, progress);
            } else if manifest_path.starts_with(&ours) && !target.is_for_the_compiler() {
                checked.diagnostics.push((folder(&manifest_path), message));
            }
        }
        Message::Other => {}
    })?;
    if status.success() {
        return Ok(checked);
    }
    if !blame.is_told() && !cargo.has_clippy(workspace)? {
        return Err(CompileError::NoClippy);
    }
    Err(blame.error(status, &words))
}

/// `deps/name-hash.d` of `deps/libname-hash.rmeta`.
fn dep_info_of(artifact: &Path) -> Option<PathBuf> {
    let stem = artifact.file_name()?.to_str()?.strip_prefix("lib")?.strip_suffix(".rmeta")?;
    Some(artifact.with_file_name(format!("{stem}.d")))
}
