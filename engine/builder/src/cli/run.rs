use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use super::Failure;
use super::options::{FeaturesArg, Inputs};
use crate::steps::compile::Profile;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::{Build, BuildOptions, TargetChoice};
use policy_host::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder run --policies ./policies -- list")]
pub(super) struct Run {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    features: FeaturesArg,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Arguments for the program, such as `eval working-hours`
    #[arg(value_name = "ARGUMENTS", last = true)]
    arguments: Vec<OsString>,
}

impl Run {
    /// Becomes the program. It returns only where that fails.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let options = BuildOptions {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            engine_features: &self.features.engine_features,
            targets: TargetChoice::Host,
            revision: None,
            work_dir: self.work_dir.as_deref(),
            profile: Profile::Quick,
            // What is being written is not held up: a stale lock is told.
            locked: Locked::Free,
            vet: None,
        };
        let progress = Progress::new();
        let built = Build::new(&options, &progress)?.run_quick()?;
        progress.finish();
        let Some(binary) = built else { return Ok(()) };
        let error = Command::new(&binary.path).args(&self.arguments).exec();
        Err(Failure::NotStarted { program: binary.path, error })
    }
}
