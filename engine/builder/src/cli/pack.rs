use super::Failure;
use super::args::{ImageArgs, ProgramArgs};
use crate::image::{self, Contents};
use crate::progress::Progress;
use crate::report::ImageReport;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder pack --program target/release/policy-engine --workspace ./workspace --output policy-engine.tar"
)]
pub(super) struct Pack {
    #[command(flatten)]
    program: ProgramArgs,
    #[command(flatten)]
    image: ImageArgs,
}

impl Pack {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.image.check()?;
        let name = self.image.name()?;
        let program = self.program.read(&Progress::new())?;
        let created = self.image.created;
        let image = image::pack(&Contents {
            binary: &program.bytes,
            platform: program.target.platform(),
            name,
            created,
            labels: program.labels(Some(&created.to_string())),
        })?;
        let written = self.image.write(&image)?;
        super::print(&format!("{}written   {written}\n", ImageReport::of(&image).summary()))
    }
}
