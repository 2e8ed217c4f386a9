use std::io::{self, BufWriter, Write};

use super::Failure;
use super::options::ProgramArgs;
use crate::steps::image::labels::FACTS;
use policy_host::progress::Progress;
use policy_oci::GzipWriter;
use policy_oci::archive::relabel;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ./stream-policy-engine | policy-builder label --program result/bin/policy-engine --workspace ./workspace | docker load"
)]
pub(super) struct Label {
    #[command(flatten)]
    program: ProgramArgs,
    /// Packs the archive with gzip, on all processors
    #[arg(long)]
    gzip: bool,
}

impl Label {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let program = self.program.read(None, None, &Progress::new())?;
        let mut output = BufWriter::new(io::stdout().lock());
        let labels = |created: Option<&str>| program.program.labels(created);
        let input = io::stdin().lock();
        if !self.gzip {
            return Ok(relabel(input, output, FACTS, labels)?);
        }
        let mut gzip = GzipWriter::new(&mut output).map_err(Failure::Print)?;
        relabel(input, &mut gzip, FACTS, labels)?;
        let ended = gzip.finish().and_then(Write::flush);
        ended.map_err(Failure::Print)
    }
}
