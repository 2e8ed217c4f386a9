//! The builder's `--report`.

use std::path::Path;
use std::{fs, io};

use serde::Deserialize;

/// The relevant fields of the builder's `--report`.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    image: Option<Image>,
    phases: Vec<Phase>,
}

#[derive(Debug, Deserialize)]
struct Image {
    /// In bytes, compressed.
    size: u64,
}

#[derive(Debug, Deserialize)]
struct Phase {
    name: String,
    milliseconds: f64,
}

impl Report {
    pub(crate) fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    }

    /// The compressed size of the image.
    pub(crate) fn megabytes(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an image is not that large")]
        let bytes = self.image.as_ref().map_or(f64::NAN, |image| image.size as f64);
        bytes / 1e6
    }

    /// Milliseconds that a phase took.
    pub(crate) fn milliseconds(&self, name: &str) -> f64 {
        let phase = self.phases.iter().find(|phase| phase.name == name);
        phase.map_or(f64::NAN, |phase| phase.milliseconds)
    }

    /// Milliseconds that all phases took.
    pub(crate) fn total_milliseconds(&self) -> f64 {
        self.phases.iter().map(|phase| phase.milliseconds).sum()
    }
}
