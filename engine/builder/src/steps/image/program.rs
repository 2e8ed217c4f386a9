use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use super::labels;
use super::pack::{ImageOptions, ProgramImage};
use crate::steps::compile::Compiled;
use crate::steps::platform;
use crate::steps::provenance::{Materials, Parameters, provenance, sbom, vex};
use crate::steps::self_check::Reported;
use crate::steps::vet::AllowedVulnerability;
use crate::steps::workspace::BuildPlan;
use policy_cargo::{LinkedPackage, Target};
use policy_oci::{Image, ImageError};

/// A program that reports what its build plan says.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) bytes: Vec<u8>,
    pub(crate) target: Target,
    pub(crate) plan: BuildPlan,
    /// The policies that it reported; `None` where programs for its target do not start.
    pub(crate) reported: Option<Vec<Reported>>,
    /// The compiler, as it names itself; `None` where another tool compiled the program.
    pub(crate) rustc: Option<String>,
    /// The packages that are linked into it; `None` where only that other tool knows them.
    pub(crate) linked: Option<Vec<LinkedPackage>>,
    /// The vulnerabilities that it was let have; none where no database was named.
    pub(crate) vulnerabilities: Vec<AllowedVulnerability>,
}

/// A program that was compiled here.
pub(crate) struct Built {
    pub(crate) program: Program,
    pub(crate) compiled: Compiled,
    pub(crate) materials: Materials,
}

impl Built {
    /// Packs the program as an image.
    pub(crate) fn pack(&self, options: &ImageOptions) -> Result<Image, ImageError> {
        self.program.pack(&self.materials, options)
    }
}

impl Program {
    /// Packs the program as an image, and attaches its provenance and, where it is known what it is
    /// linked with, its bill of materials; what its vulnerabilities mean, where it has some.
    pub(crate) fn pack(
        &self,
        materials: &Materials,
        options: &ImageOptions,
    ) -> Result<Image, ImageError> {
        let created = options.created;
        let parameters = Parameters {
            plan: &self.plan,
            created,
            compression: options.compression,
            rustc: self.rustc.as_deref(),
            binary: &self.bytes,
        };
        let reported = self.reported.as_deref().unwrap_or_default();
        let program_image = ProgramImage {
            binary: &self.bytes,
            platform: platform::from_target(&self.target.triple),
            options: options.clone(),
            labels: self.labels(Some(&created.to_string())),
        };
        // The bill of materials has the program's digest, and waits for no layer.
        let (image, bill) = thread::scope(|scope| {
            let bill = self.linked.as_deref();
            let bill =
                bill.map(|linked| scope.spawn(|| sbom(&parameters, materials, linked, reported)));
            let image = program_image.pack();
            (image, bill.map(|bill| bill.join().unwrap_or_else(|panic| resume_unwind(panic))))
        });
        let mut image = image?;
        if let Some(bill) = bill {
            image.attach(&bill?)?;
        }
        let provenance = provenance(&image, &parameters, materials)?;
        image.attach(&provenance)?;
        if let Some(vex) = vex(&image, created, materials, &self.vulnerabilities)? {
            image.attach(&vex)?;
        }
        Ok(image)
    }

    /// The labels of an image of the program.
    pub(crate) fn labels(&self, created: Option<&str>) -> BTreeMap<String, String> {
        labels::labels(&self.plan, self.reported.as_deref(), created)
    }
}
