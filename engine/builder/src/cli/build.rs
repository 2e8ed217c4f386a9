use std::io::Write;
use std::path::PathBuf;

use super::Failure;
use super::options::BuildArgs;
use crate::cli::report::Report;
use crate::destination::{self, Kind};
use crate::progress::Progress;
use crate::steps;

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
        let options = self.build.options();
        let built = steps::Build::new(&options, &progress)?.run(None)?;
        let Some(built) = built.first() else { return Ok(()) };
        destination::replace_file(&self.output, Kind::Program, |file| {
            file.write_all(&built.program.bytes)
        })?;
        self.build.finish(&Report::new(built, None, &progress), &self.output.display().to_string())
    }
}
