use std::path::PathBuf;

use super::super::Failure;
use super::super::format::Format;
use super::{FeaturesArg, Inputs, LockedArg, VetArgs};
use crate::artifacts;
use crate::cli::report::Summary;
use crate::steps::compile::Profile;
use crate::steps::{BuildOptions, TargetChoice};
use policy_host::atomic::{self, WriteError};

/// The options of commands that build.
#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    locked: LockedArg,
    #[command(flatten)]
    features: FeaturesArg,
    /// The target triple [default: musl on this machine's processor where it is installed, else
    /// glibc, linked statically]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// The source revision to stamp in [default: the policies' Git revision, when there is one]
    #[arg(long, value_name = "REVISION", env = "POLICY_ENGINE_REVISION")]
    revision: Option<String>,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Also writes what was made, and how long each phase took, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Compiles the policies without vetting them first
    #[arg(long)]
    no_vet: bool,
    #[command(flatten)]
    vet: VetArgs,
    /// The format of the output: JSON is what `--report` writes
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl BuildArgs {
    pub(crate) fn options(&self) -> BuildOptions<'_> {
        BuildOptions {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            engine_features: &self.features.engine_features,
            targets: TargetChoice::Triple(self.target.as_deref()),
            revision: self.revision.as_deref().filter(|revision| !revision.is_empty()),
            work_dir: self.work_dir.as_deref(),
            locked: self.locked.locked(),
            vet: (!self.no_vet).then(|| self.vet.options()),
            profile: Profile::Release,
        }
    }

    /// Checks that the report can be written, before the work for it begins.
    pub(crate) fn check_report(&self) -> Result<(), WriteError> {
        self.report.as_deref().map_or(Ok(()), |path| atomic::check_file(path, artifacts::REPORT))
    }

    /// Writes the report where one is wanted, and prints the summary.
    pub(crate) fn finish(&self, report: &impl Summary, written: &str) -> Result<(), Failure> {
        if let Some(path) = &self.report {
            report.write(path)?;
        }
        self.format.print(report, || report.summary(written))
    }
}
