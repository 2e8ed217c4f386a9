use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use super::options::{BuildLogArgs, ImageArgs, ProgramArgs};
use crate::cli::report::ImageReport;
use policy_host::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder pack --program target/release/policy-engine --workspace ./workspace --output policy-engine.tar"
)]
pub(super) struct Pack {
    #[command(flatten)]
    program: ProgramArgs,
    #[command(flatten)]
    log: BuildLogArgs,
    /// The copy of github.com/RustSec/advisory-db that the policies were vetted by: with it the
    /// image gets an OpenVEX document of the vulnerabilities that were let pass
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_ADVISORY_DB", requires = "messages")]
    advisory_db: Option<PathBuf>,
    #[command(flatten)]
    image: ImageArgs,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Pack {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.image.check()?;
        let options = self.image.options()?;
        let program =
            self.program.read(self.log.log(), self.advisory_db.as_deref(), &Progress::new())?;
        let image = program.pack(&options)?;
        let written = self.image.write(&image)?;
        let report = ImageReport::new(&image);
        self.format.print(&report, || format!("{}written   {written}\n", report.summary()))
    }
}
