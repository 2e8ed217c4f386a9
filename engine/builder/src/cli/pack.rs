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
    #[command(flatten)]
    image: ImageArgs,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Pack {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.image.check()?;
        let name = self.image.name()?;
        let program = self.program.read(self.log.log(), &Progress::new())?;
        let image = program.pack(&name, self.image.created)?;
        let written = self.image.write(&image)?;
        let report = ImageReport::new(&image);
        self.format.print(&report, || format!("{}written   {written}\n", report.summary()))
    }
}
