use std::path::PathBuf;

use super::Failure;
use super::options::{FeaturesArg, Inputs};
use crate::steps::compile::Profile;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::{BuildOptions, TargetChoice};
use crate::watch;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder watch --policies ./policies -- --listen 127.0.0.1:8181"
)]
pub(super) struct Watch {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    features: FeaturesArg,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Flags for `policy-engine serve`, such as `--config FILE`
    #[arg(value_name = "SERVE FLAGS", last = true)]
    serve_flags: Vec<String>,
}

impl Watch {
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
        watch::run(&options, &self.serve_flags)?;
        Ok(())
    }
}
