use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use super::format::Format;
use super::options::{FeaturesArg, Inputs, LockedArg};
use crate::steps::BuildError;
use crate::steps::answers::Answers;
use crate::steps::compile::Profile;
use crate::steps::discover::Policies;
use crate::steps::engine::Engine;
use crate::steps::git;
use crate::steps::program_source::ProgramSource;
use crate::steps::resolve;
use crate::steps::resolve::policies_lock;
use crate::steps::vet::Rules;
use crate::steps::workspace::{self, Extent, GenerateError, Stamp, program};
use policy_cargo::{Cargo, Target};
use policy_host::progress::Progress;
use policy_host::signals::TempPath;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder generate --policies ./policies --output ./workspace && cargo build --release --locked --manifest-path ./workspace/Cargo.toml"
)]
pub(super) struct Generate {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    locked: LockedArg,
    #[command(flatten)]
    features: FeaturesArg,
    /// The folder to lay the workspace out in: a new or an empty one, or one that was laid out before
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The target triple to stamp in [default: as `build` chooses it]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// The source revision to stamp in [default: the policies' Git revision, when there is one]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Lays the crates' own tests out as well, to be run by `cargo test` in the workspace
    #[arg(long)]
    with_tests: bool,
    /// Lays out the engine without any policy, to compile it once for all policies folders
    #[arg(long, conflicts_with_all = ["policies", "with_tests"])]
    engine_alone: bool,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Generate {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let locked = self.locked.locked();
        let engine = Engine::locate(self.inputs.engine.as_deref())?
            .with_features(&self.features.engine_features)?;
        let policies = if self.engine_alone {
            Policies::none()
        } else {
            policies_lock::check_is_there(&self.inputs.policies, locked)?;
            let policies = Policies::discover(&self.inputs.policies, &engine)?;
            workspace::check_outside(&self.output, &policies)?;
            policies
        };
        workspace::check_ours(&self.output)?;
        let target = self
            .target
            .clone()
            .map_or_else(|| Target::choose(None).map(|target| target.triple), Ok)?;
        let revision_of_folder =
            || git::revision(&self.inputs.policies).filter(|_| !self.engine_alone);
        let revision = self.revision.clone().or_else(revision_of_folder);
        let stamp = Stamp { target: &target, revision: revision.as_deref() };
        let rules = if self.engine_alone {
            Rules::default()
        } else {
            Rules::read(&self.inputs.policies).map_err(BuildError::from)?
        };
        let extent = if self.with_tests { Extent::WithTests } else { Extent::Libraries };
        // What an interruption cuts short is no workspace.
        let is_new =
            fs_err::read_dir(&self.output).map_or(true, |mut entries| entries.next().is_none());
        let is_there = self.output.symlink_metadata().is_ok();
        let incomplete = if is_new {
            vec![self.output.clone()]
        } else {
            // Of what was laid out before, the program and its plan are written last.
            [program::SOURCE, program::BUILD_PLAN].map(|file| self.output.join(file)).to_vec()
        };
        let _incomplete = incomplete
            .iter()
            .map(|path| TempPath::new(path))
            .collect::<Result<Vec<_>, _>>()
            .map_err(GenerateError::Files)?;
        let answers = Answers::none();
        // Nor is what has no lock to go by; Cargo would build it all the same.
        let undo = || {
            if is_new {
                discard(&self.output, is_there);
            } else {
                for file in &incomplete {
                    // It may not be there.
                    let _ = fs::remove_file(file);
                }
            }
        };
        let linked = resolve::linked(&engine, &answers)?;
        let workspace = workspace::generate(&policies, &engine, linked, extent, &self.output);
        let workspace = workspace.inspect_err(|error| {
            if is_new || matches!(error, GenerateError::Incomplete(_)) {
                undo();
            }
        })?;
        let complete = || -> Result<(), Failure> {
            resolve::complete_lock(&workspace, &policies, locked, &answers, &Progress::new())?;
            let cargo = Cargo::with_temporary_home;
            let source = ProgramSource {
                workspace: &workspace,
                policies: &policies,
                engine: &engine,
                rules: &rules,
            };
            source.write(&stamp, Profile::Release, &answers, cargo)?;
            Ok(())
        };
        complete().inspect_err(|_| undo())?;
        let written = serde_json::json!({ "workspace": workspace.root, "target": target });
        self.format.print(&written, || workspace.root.display().to_string())
    }
}

/// Removes what was laid out in a folder that was empty or not there; an empty one stays. What
/// cannot be removed is left: why there is no workspace says more.
fn discard(folder: &Path, was_there: bool) {
    if !was_there {
        let _ = fs::remove_dir_all(folder);
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let _ = match entry.file_type() {
            Ok(kind) if kind.is_dir() => fs::remove_dir_all(path),
            _ => fs::remove_file(path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discard_keeps_a_folder_that_existed_before() {
        let temporary = tempfile::tempdir().unwrap();
        for was_there in [true, false] {
            let folder = temporary.path().join(was_there.to_string());
            fs::create_dir_all(folder.join("program/src")).unwrap();
            fs::write(folder.join("Cargo.lock"), "").unwrap();
            discard(&folder, was_there);
            assert_eq!(folder.is_dir(), was_there);
            assert!(fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none()));
        }
    }
}
