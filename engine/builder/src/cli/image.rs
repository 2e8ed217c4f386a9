use super::Failure;
use super::args::{BuildArgs, ImageArgs};
use crate::pipeline;
use crate::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder image --policies ./policies --repo registry.example.com/policies --tag v1"
)]
pub(super) struct Image {
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    image: ImageArgs,
}

impl Image {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.image.check()?;
        self.build.check_report()?;
        let name = self.image.name()?;
        let progress = Progress::new();
        let built = pipeline::run(&self.build.order(), &progress)?;
        let (image, written) = progress.phase("pack", &name.to_string(), || {
            let image = built.pack(&name, self.image.created)?;
            let written = self.image.write(&image)?;
            Ok::<_, Failure>((image, written))
        })?;
        self.build.finish(&built.report(Some(&image), &progress), &written)
    }
}
