use super::Failure;
use super::loader::Loader;
use super::options::{BuildArgs, ImageArgs};
use crate::cli::report::{IndexReport, PlatformReport, PlatformsReport, Report};
use crate::steps::image::{Built, ImageOptions};
use crate::steps::platform;
use crate::steps::{Build, TargetChoice};
use policy_host::progress::Progress;
use policy_oci::{MultiPlatform, Platform};

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
    #[arg(long, value_name = "PLATFORMS", value_delimiter = ',', value_parser = platform::parse, conflicts_with = "target")]
    platform: Vec<Platform>,
    /// Also hands the image to Docker, or to Podman where there is no Docker
    #[arg(long, conflicts_with = "oci_layout")]
    load: bool,
}

impl Image {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.output.check()?;
        self.build.check_report()?;
        let options = self.output.options()?;
        let loader = self.load.then(|| Loader::find(self.output.archive_path())).transpose()?;
        let mut build = self.build.options();
        if !self.platform.is_empty() {
            build.targets = TargetChoice::Platforms(&self.platform);
        }
        let progress = Progress::new();
        let programs = Build::new(&build, &progress)?.run(None)?;
        match <[Built; 1]>::try_from(programs) {
            Ok([program]) => self.write_one(&program, &options, loader, &progress),
            Err(programs) => self.write_all(&programs, &options, loader, &progress),
        }
    }

    /// Packs a program as an image of one platform.
    fn write_one(
        &self,
        built: &Built,
        options: &ImageOptions,
        loader: Option<Loader>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let (image, written) = progress.phase("pack", &options.name.to_string(), || {
            let image = built.pack(options)?;
            let written = self.output.write(&image)?;
            Ok::<_, Failure>((image, written))
        })?;
        let written = self.load(loader, &image, written, progress)?;
        self.build.finish(&Report::new(built, Some(&image), progress), &written)
    }

    /// Packs programs for several platforms as one image. Loaders that know no index get that for
    /// the first, which is this machine's platform if it is among them.
    fn write_all(
        &self,
        built: &[Built],
        options: &ImageOptions,
        loader: Option<Loader>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let (images, whole, written) = progress.phase("pack", &options.name.to_string(), || {
            let images = built.iter().map(|built| built.pack(options));
            let images = images.collect::<Result<Vec<_>, _>>()?;
            let whole = MultiPlatform::from_images(&images)?;
            let written = self.output.write_joined(&whole, images.first())?;
            Ok::<_, Failure>((images, whole, written))
        })?;
        // Of several platforms, that of this machine, or the first.
        let written = match images.first() {
            Some(image) => self.load(loader, image, written, progress)?,
            None => written,
        };
        let platforms = built.iter().zip(&images);
        let report = PlatformsReport {
            image: IndexReport::new(&options.name, &whole),
            platforms: platforms.map(|(built, image)| PlatformReport::new(built, image)).collect(),
            phases: progress.finish(),
        };
        self.build.finish(&report, &written)
    }

    /// Has a container engine load the archive, where that is wanted, and adds to what is told.
    fn load(
        &self,
        loader: Option<Loader>,
        image: &policy_oci::Image,
        written: String,
        progress: &Progress,
    ) -> Result<String, Failure> {
        let Some(loader) = loader else { return Ok(written) };
        let Loader { engine } = loader;
        progress.phase("load", engine, || loader.load(self.output.archive_path()))?;
        let (name, platform) = (image.name(), image.platform());
        Ok(format!("{written}\nloaded    {name}, {platform}, by {engine}"))
    }
}
