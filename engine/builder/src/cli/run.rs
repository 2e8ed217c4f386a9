use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::Failure;
use super::options::QuickArgs;
use crate::steps::Build;
use policy_host::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder run --policies ./policies -- list")]
pub(super) struct Run {
    #[command(flatten)]
    build: QuickArgs,
    /// Arguments for the program, such as `eval working-hours`
    #[arg(value_name = "ARGUMENTS", last = true)]
    arguments: Vec<OsString>,
}

impl Run {
    /// Becomes the program. It returns only where that fails.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let options = self.build.options();
        let progress = Progress::new();
        // Kept until the program has started: another build may put its own in the same place.
        let build = Build::new(&options, &progress)?;
        let binary = build.run_quick()?;
        progress.finish();
        let Some(binary) = binary else { return Ok(()) };
        let error = Command::new(&binary.path).args(&self.arguments).exec();
        Err(Failure::NotStarted { program: binary.path, error })
    }
}
