use std::io::Write;
use std::path::PathBuf;

use super::Failure;
use super::options::BuildArgs;
use crate::destination::{self, Kind};
use crate::progress::Progress;
use crate::steps::build;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder build --policies ./policies --output ./policy-engine"
)]
pub(super) struct Build {
    #[command(flatten)]
    build: BuildArgs,
    /// Where to write the binary
    #[arg(long, value_name = "FILE", default_value = "policy-engine")]
    output: PathBuf,
}

impl Build {
    pub(super) fn run(&self) -> Result<(), Failure> {
        destination::check_file(&self.output, Kind::Program)?;
        self.build.check_report()?;
        let progress = Progress::new();
        let built = build::run(&self.build.order(), &progress)?;
        destination::replace_file(&self.output, Kind::Program, |file| {
            file.write_all(&built.binary.bytes)
        })?;
        self.build.finish(&built.report(None, &progress), &self.output.display().to_string())
    }
}
