use std::collections::BTreeMap;

use oci_spec::image::Config;

use crate::{Platform, Reference, SourceDate};

/// The description of an image, beside its layers.
#[derive(Debug, Clone)]
pub struct ImageSpec {
    /// The platform that the image runs on.
    pub platform: Platform,
    /// The name that loaders give the image.
    pub name: Reference,
    /// The date of the image. Layers have it, too, for each of their files.
    pub created: SourceDate,
    /// The labels. Those of `org.opencontainers.image` are annotations as well.
    pub labels: BTreeMap<String, String>,
    /// The process that a container of the image starts. Its labels are replaced.
    pub process: Config,
    /// The program that makes the image, for the image's history.
    pub created_by: String,
}
