use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::artifacts;
use crate::steps::compile::Compiled;
use crate::steps::image::{Built, Program};
use crate::steps::self_check::Reported;
use crate::steps::workspace::Grant;
use policy_host::atomic::{self, WriteError};
use policy_host::progress::{PhaseTiming, Progress};
use policy_oci::{Image, MultiPlatform, Reference};

/// The report of a build, for `--report` and for the last lines on the terminal.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) binary: BinaryReport,
    /// `None` where the binary could not be asked.
    pub(crate) policies: Option<Vec<Reported>>,
    /// What the policy crates may do while the program runs.
    pub(crate) grants: Vec<Grant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<ImageReport>,
    pub(crate) phases: Vec<PhaseTiming>,
}

/// The report of a build for several platforms.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlatformsReport {
    pub(crate) image: IndexReport,
    pub(crate) platforms: Vec<PlatformReport>,
    pub(crate) phases: Vec<PhaseTiming>,
}

/// The image of all platforms.
#[derive(Debug, Serialize)]
pub(crate) struct IndexReport {
    pub(crate) name: String,
    /// Of the index: what registries call the image by.
    pub(crate) digest: String,
    /// In bytes, compressed; what the platforms share counts once.
    pub(crate) size: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlatformReport {
    /// The platform as `os/architecture`.
    pub(crate) platform: String,
    pub(crate) binary: BinaryReport,
    /// `None` where no binary could be asked.
    pub(crate) policies: Option<Vec<Reported>>,
    /// What the policy crates may do while the program runs.
    pub(crate) grants: Vec<Grant>,
    pub(crate) image: ImageReport,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BinaryReport {
    pub(crate) target: String,
    /// In bytes.
    pub(crate) size: usize,
    pub(crate) crates: Compiled,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageReport {
    pub(crate) name: String,
    /// Of the manifest: what registries call the image by.
    pub(crate) digest: String,
    pub(crate) config_digest: String,
    /// In bytes, compressed.
    pub(crate) size: u64,
    pub(crate) layers: Vec<LayerReport>,
    /// The documents that refer to the image.
    pub(crate) attached: Vec<AttachmentReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachmentReport {
    pub(crate) artifact_type: String,
    /// Of the manifest that refers to the image.
    pub(crate) digest: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayerReport {
    pub(crate) content: &'static str,
    pub(crate) digest: String,
    /// In bytes.
    pub(crate) compressed_size: u64,
    pub(crate) uncompressed_size: u64,
}

impl Report {
    pub(crate) fn new(built: &Built, image: Option<&Image>, progress: &Progress) -> Self {
        Self {
            binary: BinaryReport::new(built),
            policies: built.program.reported.clone(),
            grants: built.program.plan.grants.clone(),
            image: image.map(ImageReport::new),
            phases: progress.finish(),
        }
    }
}

impl PlatformReport {
    pub(crate) fn new(built: &Built, image: &Image) -> Self {
        Self {
            platform: image.platform().to_string(),
            binary: BinaryReport::new(built),
            policies: built.program.reported.clone(),
            grants: built.program.plan.grants.clone(),
            image: ImageReport::new(image),
        }
    }
}

impl BinaryReport {
    fn new(built: &Built) -> Self {
        let Program { target, bytes, .. } = &built.program;
        Self { target: target.triple.clone(), size: bytes.len(), crates: built.compiled }
    }
}

impl ImageReport {
    pub(crate) fn new(image: &Image) -> Self {
        let layer = |layer: &policy_oci::Layer| LayerReport {
            content: layer.comment(),
            digest: layer.digest().to_string(),
            compressed_size: layer.compressed_size(),
            uncompressed_size: layer.uncompressed_size(),
        };
        Self {
            name: image.name().to_string(),
            digest: image.manifest_digest().to_string(),
            config_digest: image.config_digest().to_string(),
            size: image.size(),
            layers: image.layers().iter().map(layer).collect(),
            attached: image
                .attached()
                .map(|(artifact_type, digest)| AttachmentReport {
                    artifact_type,
                    digest: digest.to_string(),
                })
                .collect(),
        }
    }

    /// For people: what it is called, how large it is, and its digest.
    pub(crate) fn summary(&self) -> String {
        let size = megabytes(self.size);
        format!("image     {}, {size} compressed\ndigest    {}\n", self.name, self.digest)
    }
}

impl IndexReport {
    pub(crate) fn new(name: &Reference, whole: &MultiPlatform) -> Self {
        Self { name: name.to_string(), digest: whole.digest().to_string(), size: whole.size() }
    }
}

/// A report that can be written as JSON and printed for people.
pub(crate) trait Summary: Serialize {
    /// Summarizes what was made, its size and the time that it took.
    fn summary(&self, written: &str) -> String;

    /// Writes JSON to a file.
    fn write(&self, path: &Path) -> Result<(), WriteError> {
        atomic::replace_file(path, artifacts::REPORT, |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            file.write_all(b"\n")
        })
    }
}

impl Summary for Report {
    fn summary(&self, written: &str) -> String {
        let image = self.image.as_ref().map(ImageReport::summary).unwrap_or_default();
        let policies = policies(self.policies.as_deref()) + &grants(&self.grants);
        let made = policies + &self.binary.summary() + &image;
        made + &ending(&self.phases, written)
    }
}

impl Summary for PlatformsReport {
    fn summary(&self, written: &str) -> String {
        // They are made from the same crates.
        let mut text =
            policies(self.platforms.iter().find_map(|platform| platform.policies.as_deref()));
        let mut granted: Vec<_> =
            self.platforms.iter().flat_map(|platform| platform.grants.clone()).collect();
        granted.sort();
        granted.dedup();
        text.push_str(&grants(&granted));
        for platform in &self.platforms {
            text.push_str(&platform.binary.summary());
        }
        for platform in &self.platforms {
            let _ = writeln!(text, "image     {}, {}", platform.platform, platform.image.digest);
        }
        let IndexReport { name, digest, size } = &self.image;
        let size = megabytes(*size);
        let _ = writeln!(text, "index     {name}, {size} compressed\ndigest    {digest}");
        text + &ending(&self.phases, written)
    }
}

impl BinaryReport {
    fn summary(&self) -> String {
        let Self { target, size, crates } = self;
        format!(
            "binary    {}, {target}, static; {} crates compiled, {} cached\n",
            megabytes(*size as u64),
            crates.fresh,
            crates.cached
        )
    }
}

fn policies(reported: Option<&[Reported]>) -> String {
    let mut text = String::new();
    for policy in reported.into_iter().flatten() {
        let _ =
            writeln!(text, "policy    {} {} ({})", policy.name, policy.version, policy.crate_name);
    }
    text
}

fn grants(grants: &[Grant]) -> String {
    let mut text = String::new();
    for grant in grants {
        let _ = writeln!(text, "grant     {grant}; {}", grant.reason);
    }
    text
}

fn ending(phases: &[PhaseTiming], written: &str) -> String {
    let phases =
        phases.iter().map(|phase| format!("{} {:.1} s", phase.name, phase.duration.as_secs_f64()));
    format!("took      {}\nwritten   {written}", phases.collect::<Vec<_>>().join(", "))
}

/// Megabytes with two places, in whole-number arithmetic.
pub(crate) fn megabytes(bytes: u64) -> String {
    let hundredths = (bytes + 5_000) / 10_000;
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(megabytes(0), "0.00 MB");
        assert_eq!(megabytes(1_994_999), "1.99 MB");
        assert_eq!(megabytes(1_995_000), "2.00 MB");
    }
}
