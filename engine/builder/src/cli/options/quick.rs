use std::path::PathBuf;

use super::{FeaturesArg, Inputs};
use crate::steps::compile::Profile;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::{BuildOptions, TargetChoice};

/// The options of commands that build for this machine, quickly, and not for release.
#[derive(Debug, clap::Args)]
pub(crate) struct QuickArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    features: FeaturesArg,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
}

impl QuickArgs {
    pub(crate) fn options(&self) -> BuildOptions<'_> {
        BuildOptions {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            engine_features: &self.features.engine_features,
            targets: TargetChoice::Triple(None),
            revision: None,
            work_dir: self.work_dir.as_deref(),
            profile: Profile::Quick,
            // What is being written is not held up: a stale lock is told.
            locked: Locked::Free,
            vet: None,
        }
    }
}
