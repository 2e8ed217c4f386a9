use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use super::options::{FeaturesArg, Inputs, LockedArg};
use crate::compile::Target;
use crate::discover::Policies;
use crate::engine::Engine;
use crate::generate::{self, Extent, GenerateError, Stamp};
use crate::interrupt::Temporary;
use crate::policies_lock;
use crate::progress::Progress;
use crate::resolve;
use crate::revision;

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
    /// How to print where the workspace is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Generate {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let locked = self.locked.locked();
        policies_lock::check_is_there(&self.inputs.policies, locked)?;
        let engine = Engine::locate(self.inputs.engine.as_deref())?
            .with_features(&self.features.engine_features)?;
        let policies = Policies::discover(&self.inputs.policies, &engine)?;
        generate::check_outside(&self.output, &policies)?;
        generate::check_ours(&self.output)?;
        let target =
            self.target.clone().map_or_else(|| Target::choose(None).map(|it| it.triple), Ok)?;
        let revision = self.revision.clone().or_else(|| revision::of(&self.inputs.policies));
        let stamp = Stamp { target: &target, revision: revision.as_deref() };
        let extent = if self.with_tests { Extent::WithTests } else { Extent::Libraries };
        // What an interruption cuts short is no workspace.
        let is_new = fs_err::read_dir(&self.output).map_or(true, |mut it| it.next().is_none());
        let _new = is_new
            .then(|| Temporary::at(&self.output))
            .transpose()
            .map_err(GenerateError::Files)?;
        let workspace = generate::generate(&policies, &engine, &stamp, extent, &self.output)?;
        resolve::complete_lock(&workspace, &policies, locked, &Progress::new())?;
        let written = serde_json::json!({ "workspace": workspace.root, "target": target });
        self.format.print(&written, || workspace.root.display().to_string())
    }
}
