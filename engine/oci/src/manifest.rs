//! Manifests of images and what lists them.

use std::collections::{BTreeMap, HashMap};

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, ImageIndex, ImageIndexBuilder, ImageManifestBuilder,
    MediaType, SCHEMA_VERSION,
};

use crate::Reference;
use crate::blob::Blob;

/// The labels that are annotations of the manifest, too.
const STANDARD_LABELS: &str = "org.opencontainers.image.";
/// The annotation with the full name, without which containerd and Podman call an image by its tag
/// alone.
pub(crate) const ANNOTATION_FULL_NAME: &str = "io.containerd.image.name";

/// The manifest of an image with these labels.
pub(crate) fn manifest(
    labels: &BTreeMap<String, String>,
    config: &Blob,
    layers: Vec<Descriptor>,
) -> Result<Blob, OciSpecError> {
    let standard = labels.iter().filter(|(name, _)| name.starts_with(STANDARD_LABELS));
    let annotations: HashMap<_, _> =
        standard.map(|(name, value)| (name.clone(), value.clone())).collect();
    let manifest = ImageManifestBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageManifest)
        .config(config.descriptor.clone())
        .layers(layers)
        .annotations(annotations)
        .build()?;
    Blob::json(MediaType::ImageManifest, &manifest)
}

/// The descriptor of a manifest with the image's name.
pub(crate) fn named(manifest: &Blob, name: &Reference) -> Descriptor {
    let annotations = HashMap::from([
        (ANNOTATION_REF_NAME.to_owned(), name.tag().to_owned()),
        (ANNOTATION_FULL_NAME.to_owned(), name.full_name()),
    ]);
    let mut root = manifest.descriptor.clone();
    root.set_annotations(Some(annotations));
    root
}

/// An index of manifests, such as `index.json`.
pub(crate) fn index(manifests: Vec<Descriptor>) -> Result<ImageIndex, OciSpecError> {
    ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()
}
