use std::collections::BTreeMap;

use crate::image::Platform;
use crate::steps::compile::Binary;

use crate::cargo::Target;
use crate::cli::report::{BinaryReport, ImageReport, PlatformReport, Report};
use crate::image::{self, Contents, Image, ImageName, PackError, SourceDate};
use crate::progress::Progress;
use crate::steps::image::labels;
use crate::steps::provenance::{self, Materials, Parameters};
use crate::steps::self_check::Reported;
use crate::steps::workspace::Asked;

/// A program that is compiled and reports the policies that were asked for.
pub(crate) struct Built {
    pub(crate) target: Target,
    pub(crate) binary: Binary,
    pub(in crate::steps) asked: Asked,
    /// `None` where programs for its target do not start.
    pub(in crate::steps) reported: Option<Vec<Reported>>,
    pub(in crate::steps) materials: Materials,
    /// The compiler, as it names itself.
    pub(in crate::steps) rustc: String,
}

impl Built {
    /// Packs the program as an image, with what it is linked with and where it comes from attached.
    pub(crate) fn pack(&self, name: &ImageName, created: SourceDate) -> Result<Image, PackError> {
        let mut image = image::pack(&Contents {
            binary: &self.binary.bytes,
            platform: Platform::of_target(&self.target.triple),
            name: name.clone(),
            created,
            labels: self.labels(created),
        })?;
        let parameters = Parameters {
            asked: &self.asked,
            created,
            rustc: Some(&self.rustc),
            binary: &self.binary.bytes,
        };
        let reported = self.reported.as_deref().unwrap_or_default();
        let sbom = provenance::sbom(&parameters, &self.materials, &self.binary.linked, reported)?;
        let provenance = provenance::provenance(&image, &parameters, &self.materials)?;
        image.attach(&sbom)?;
        image.attach(&provenance)?;
        Ok(image)
    }

    /// What is said of the image.
    fn labels(&self, created: SourceDate) -> BTreeMap<String, String> {
        labels::of(&self.asked, self.reported.as_deref(), Some(&created.to_string()))
    }

    /// What is told of it beside programs for other platforms.
    pub(crate) fn platform(self, image: &Image) -> PlatformReport {
        PlatformReport {
            platform: image.platform().to_string(),
            binary: BinaryReport::of(&self.binary, &self.target),
            policies: self.reported,
            image: ImageReport::of(image),
        }
    }

    pub(crate) fn report(self, image: Option<&Image>, progress: &Progress) -> Report {
        Report {
            binary: BinaryReport::of(&self.binary, &self.target),
            policies: self.reported,
            image: image.map(ImageReport::of),
            phases: progress.finish(),
        }
    }
}
