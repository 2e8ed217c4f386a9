use std::collections::BTreeMap;

use crate::compile::Binary;
use crate::image::Platform;

use crate::cargo::Target;
use crate::generate::Asked;
use crate::image::{self, Contents, Image, ImageName, PackError, SourceDate};
use crate::inspect::Reported;
use crate::labels;
use crate::progress::Progress;
use crate::report::{BinaryReport, ImageReport, PlatformReport, Report};
use crate::supply::{self, Materials, Parameters};

/// A program that is compiled and reports the policies that were asked for.
pub(crate) struct Built {
    pub(crate) target: Target,
    pub(crate) binary: Binary,
    pub(super) asked: Asked,
    /// `None` where programs for its target do not start.
    pub(super) reported: Option<Vec<Reported>>,
    pub(super) materials: Materials,
    /// The compiler, as it names itself.
    pub(super) rustc: String,
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
        let sbom = supply::sbom(&parameters, &self.materials, &self.binary.linked, reported)?;
        let provenance = supply::provenance(&image, &parameters, &self.materials)?;
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
