use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::compile::{Binary, Compiled, Target};
use crate::destination::{self, DestinationError, Kind};
use crate::image::Image;
use crate::inspect::Reported;
use crate::progress::Phase;

/// What a build made, for `--report` and for the last lines on the terminal.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) binary: BinaryReport,
    /// `None` where the binary could not be asked.
    pub(crate) policies: Option<Vec<Reported>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<ImageReport>,
    pub(crate) phases: Vec<Phase>,
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

impl BinaryReport {
    pub(crate) fn of(binary: &Binary, target: &Target) -> Self {
        Self { target: target.triple.clone(), size: binary.bytes.len(), crates: binary.compiled }
    }
}

impl ImageReport {
    pub(crate) fn of(image: &Image) -> Self {
        let layer = |layer: &crate::image::Layer| LayerReport {
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

impl Report {
    /// As JSON, to a file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), DestinationError> {
        destination::replace_file(path, Kind::Report, |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            file.write_all(b"\n")
        })
    }

    /// For people: what was made, how large it is and how long it took.
    pub(crate) fn summary(&self, written: &str) -> String {
        let mut text = String::new();
        for it in self.policies.iter().flatten() {
            let _ = writeln!(text, "policy    {} {} ({})", it.name, it.version, it.crate_name);
        }
        let BinaryReport { target, size, crates } = &self.binary;
        let _ = writeln!(
            text,
            "binary    {}, {target}, static; {} crates compiled, {} cached",
            megabytes(*size as u64),
            crates.fresh,
            crates.cached
        );
        if let Some(image) = &self.image {
            text.push_str(&image.summary());
        }
        let phases =
            self.phases.iter().map(|it| format!("{} {:.1} s", it.name, it.took.as_secs_f64()));
        let _ = writeln!(text, "took      {}", phases.collect::<Vec<_>>().join(", "));
        let _ = write!(text, "written   {written}");
        text
    }
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
