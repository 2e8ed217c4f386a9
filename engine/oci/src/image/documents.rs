//! The JSON documents of an image.

use std::collections::HashMap;

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, History, HistoryBuilder, ImageConfigurationBuilder,
    ImageIndex, ImageIndexBuilder, ImageManifestBuilder, MediaType, Os, RootFsBuilder,
    SCHEMA_VERSION,
};
use serde::Serialize;

use super::spec::ImageSpec;
use crate::Reference;
use crate::blob::{Blob, canonical_json};
use crate::layer::Layer;

/// The labels that are annotations of the manifest, too.
const STANDARD_LABELS: &str = "org.opencontainers.image.";
/// The annotation with the full name, without which containerd and Podman call an image by its tag
/// alone.
pub(crate) const ANNOTATION_FULL_NAME: &str = "io.containerd.image.name";

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
    let annotations: HashMap<_, _> = spec
        .labels
        .iter()
        .filter(|(name, _)| name.starts_with(STANDARD_LABELS))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let layers: Vec<_> = layers.iter().map(|layer| layer.blob.descriptor.clone()).collect();
    let manifest = ImageManifestBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageManifest)
        .config(config.descriptor.clone())
        .layers(layers)
        .annotations(annotations)
        .build()?;
    Blob::json(MediaType::ImageManifest, &manifest)
}

/// The descriptor of an image with its platform and name, as an index lists it.
pub(super) fn root(spec: &ImageSpec, manifest: &Blob) -> Result<Descriptor, OciSpecError> {
    let annotations = HashMap::from([
        (ANNOTATION_REF_NAME.to_owned(), spec.name.tag().to_owned()),
        (ANNOTATION_FULL_NAME.to_owned(), spec.name.full_name()),
    ]);
    let mut root = manifest.descriptor.clone();
    root.set_platform(Some(spec.platform.to_oci()?));
    root.set_annotations(Some(annotations));
    Ok(root)
}

/// An index of manifests, such as `index.json`.
pub(super) fn index(manifests: Vec<Descriptor>) -> Result<ImageIndex, OciSpecError> {
    ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()
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
