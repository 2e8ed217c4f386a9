use super::Failure;
use super::options::{BuildArgs, ImageArgs};
use crate::cli::report::{IndexReport, PlatformsReport};
use crate::image::{MultiPlatform, Platform};
use crate::progress::Progress;
use crate::steps::build;
use crate::steps::image::Built;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder image --policies ./policies --repo registry.example.com/policies --tag v1"
)]
pub(super) struct Image {
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    output: ImageArgs,
    /// The image's platforms, such as `linux/amd64,linux/arm64`: several are joined by an index
    /// [default: this machine's]
    #[arg(long, value_name = "PLATFORMS", value_delimiter = ',', conflicts_with = "target")]
    platform: Vec<Platform>,
}

impl Image {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.output.check()?;
        self.build.check_report()?;
        self.output.name()?;
        let (order, progress) = (self.build.order(), Progress::new());
        if self.platform.is_empty() {
            return self.finish(build::run(&order, &progress)?, &progress);
        }
        let built = build::run_platforms(&order, &self.platform, &progress)?;
        match <[Built; 1]>::try_from(built) {
            Ok([built]) => self.finish(built, &progress),
            Err(built) => self.finish_all(built, &progress),
        }
    }

    /// Packs a program as an image of one platform.
    fn finish(&self, built: Built, progress: &Progress) -> Result<(), Failure> {
        let (image, written) = progress.phase("pack", &self.output.name()?.to_string(), || {
            let image = built.pack(&self.output.name()?, self.output.created)?;
            let written = self.output.write(&image)?;
            Ok::<_, Failure>((image, written))
        })?;
        self.build.finish(&built.report(Some(&image), progress), &written)
    }

    /// Packs programs for several platforms as one image. Loaders that know no index get that for
    /// the first, which is this machine's platform if it is among them.
    fn finish_all(&self, built: Vec<Built>, progress: &Progress) -> Result<(), Failure> {
        let name = self.output.name()?;
        let (images, whole, written) = progress.phase("pack", &name.to_string(), || {
            let images = built.iter().map(|it| it.pack(&name, self.output.created));
            let images = images.collect::<Result<Vec<_>, _>>()?;
            let whole = MultiPlatform::of_images(&images)?;
            let written = self.output.write_joined(&whole, images.first())?;
            Ok::<_, Failure>((images, whole, written))
        })?;
        let reports = built.into_iter().zip(&images).map(|(built, image)| built.platform(image));
        let report = PlatformsReport {
            image: IndexReport::of(&name, &whole),
            platforms: reports.collect(),
            phases: progress.finish(),
        };
        self.build.finish(&report, &written)
    }
}
