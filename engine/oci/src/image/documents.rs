//! The JSON documents of an image.

use oci_spec::OciSpecError;
use oci_spec::image::{
    Descriptor, History, HistoryBuilder, ImageConfigurationBuilder, MediaType, Os, RootFsBuilder,
};
use serde::Serialize;

use super::spec::ImageSpec;
use crate::blob::{Blob, canonical_json};
use crate::layer::Layer;
use crate::{Reference, manifest};

/// The configuration: how to run the image, and what its layers unpack to.
pub(super) fn config(spec: &ImageSpec, layers: &[&Layer]) -> Result<Blob, OciSpecError> {
    let mut process = spec.process.clone();
    process.set_labels(Some(spec.labels.clone().into_iter().collect()));
    let diff_ids: Vec<_> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    let history: Result<Vec<_>, _> = layers.iter().map(|layer| history(spec, layer)).collect();
    let mut config = ImageConfigurationBuilder::default()
        .architecture(spec.platform.architecture().clone())
        .os(Os::Linux)
        .created(spec.created.to_string())
        .config(process)
        .rootfs(RootFsBuilder::default().diff_ids(diff_ids).build()?)
        .history(history?)
        .build()?;
    config.set_variant(spec.platform.variant().map(str::to_owned));
    Blob::json(MediaType::ImageConfig, &config)
}

fn history(spec: &ImageSpec, layer: &Layer) -> Result<History, OciSpecError> {
    HistoryBuilder::default()
        .created(spec.created.to_string())
        .created_by(spec.created_by.clone())
        .comment(layer.comment)
        .build()
}

/// The image: its configuration and layers, by digest.
pub(super) fn manifest(
    spec: &ImageSpec,
    config: &Blob,
    layers: &[&Layer],
) -> Result<Blob, OciSpecError> {
    let layers = layers.iter().map(|layer| layer.blob.descriptor.clone()).collect();
    manifest::manifest(&spec.labels, config, layers)
}

/// The descriptor of an image with its platform and name, as an index lists it.
pub(super) fn root(spec: &ImageSpec, manifest: &Blob) -> Result<Descriptor, OciSpecError> {
    let mut root = manifest::named(manifest, &spec.name);
    root.set_platform(Some(spec.platform.to_oci()?));
    Ok(root)
}

/// `manifest.json`: the image for loaders that know only Docker's own archives.
pub(super) fn docker_manifest(
    name: &Reference,
    config: &Blob,
    layers: &[&Layer],
) -> Result<Vec<u8>, OciSpecError> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct DockerImage {
        config: String,
        repo_tags: [String; 1],
        layers: Vec<String>,
    }
    canonical_json(&[DockerImage {
        config: config.path(),
        repo_tags: [name.to_string()],
        layers: layers.iter().map(|layer| layer.blob.path()).collect(),
    }])
}
