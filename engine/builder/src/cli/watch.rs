use super::Failure;
use super::options::QuickArgs;
use crate::watch;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder watch --policies ./policies -- --listen 127.0.0.1:8181"
)]
pub(super) struct Watch {
    #[command(flatten)]
    build: QuickArgs,
    /// Flags for `policy-engine serve`, such as `--config FILE`
    #[arg(value_name = "SERVE FLAGS", last = true)]
    serve_flags: Vec<String>,
}

impl Watch {
    pub(super) fn run(&self) -> Result<(), Failure> {
        watch::run(&self.build.options(), &self.serve_flags)?;
        Ok(())
    }
}
