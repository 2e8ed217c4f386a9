use std::io::Write;
use std::path::PathBuf;

use super::Failure;
use super::options::BuildArgs;
use crate::artifacts;
use crate::cli::report::Report;
use crate::steps;
use policy_host::atomic;
use policy_host::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder build --policies ./policies --output ./policy-engine"
)]
pub(super) struct Build {
    #[command(flatten)]
    build: BuildArgs,
    /// The file to write the binary to
    #[arg(long, value_name = "FILE", default_value = "policy-engine")]
    output: PathBuf,
}

impl Build {
    pub(super) fn run(&self) -> Result<(), Failure> {
        atomic::check_file(&self.output, artifacts::PROGRAM)?;
        self.build.check_report()?;
        let progress = Progress::new();
        let options = self.build.options();
        let built = steps::Build::new(&options, &progress)?.run(None)?;
        let Some(built) = built.first() else { return Ok(()) };
        atomic::replace_file(&self.output, artifacts::PROGRAM, |file| {
            file.write_all(&built.program.bytes)
        })?;
        self.build.finish(&Report::new(built, None, &progress), &self.output.display().to_string())
    }
}
