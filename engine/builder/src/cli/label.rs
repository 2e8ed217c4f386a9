use std::io::{self, BufWriter};

use super::Failure;
use super::options::ProgramArgs;
use crate::steps::image::labels::FACTS;
use policy_host::progress::Progress;
use policy_oci::archive::relabel;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ./stream-policy-engine | policy-builder label --program result/bin/policy-engine --workspace ./workspace | docker load"
)]
pub(super) struct Label {
    #[command(flatten)]
    program: ProgramArgs,
}

impl Label {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let program = self.program.read(None, &Progress::new())?;
        let output = BufWriter::new(io::stdout().lock());
        relabel(io::stdin().lock(), output, FACTS, |created| program.program.labels(created))?;
        Ok(())
    }
}
