use std::collections::HashMap;

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_REF_NAME, Config, ConfigBuilder, Descriptor, Digest, History, HistoryBuilder,
    ImageConfigurationBuilder, ImageIndexBuilder, ImageManifestBuilder, MediaType, Os,
    RootFsBuilder, SCHEMA_VERSION,
};
use serde::Serialize;

use super::base::CA_CERTIFICATES;
use super::layer::{Layer, PROGRAM};
use super::{Contents, ImageName, digest};

/// Marks a folder or archive as an OCI image layout.
pub(super) const OCI_LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

const STANDARD_LABELS: &str = "org.opencontainers.image.";
/// Without it containerd and Podman would call the image by its tag alone.
pub(super) const ANNOTATION_FULL_NAME: &str = "io.containerd.image.name";

/// Where `serve` answers, unless it is told otherwise.
const PORT: u16 = 8181;

/// Bytes that an image names by their digest.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) descriptor: Descriptor,
    pub(super) bytes: Vec<u8>,
}

impl Blob {
    pub(super) fn json(
        media_type: MediaType,
        document: &impl Serialize,
    ) -> Result<Self, OciSpecError> {
        Self::of(media_type, canonical_json(document)?)
    }

    pub(super) fn of(media_type: MediaType, bytes: Vec<u8>) -> Result<Self, OciSpecError> {
        let descriptor = Descriptor::new(media_type, bytes.len() as u64, digest::of(&bytes)?);
        Ok(Self { descriptor, bytes })
    }

    pub(super) fn digest(&self) -> &Digest {
        self.descriptor.digest()
    }

    pub(super) fn size(&self) -> u64 {
        self.descriptor.size()
    }

    /// Its place in an OCI image layout.
    pub(super) fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digest().digest())
    }
}

/// How to run the image, and what its layers unpack to.
pub(super) fn config(contents: &Contents<'_>, layers: &[Layer]) -> Result<Blob, OciSpecError> {
    let process = ConfigBuilder::default()
        .user("1000:1000")
        .entrypoint([format!("/{PROGRAM}")])
        .cmd(["serve".to_owned()])
        .env([
            "PATH=/bin".to_owned(),
            format!("SSL_CERT_FILE=/{CA_CERTIFICATES}"),
            // Nobody reaches a container's own loopback: who may ask is for its network to say.
            format!("POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:{PORT}"),
        ])
        .exposed_ports([format!("{PORT}/tcp")])
        .working_dir("/")
        .labels(contents.labels.clone().into_iter().collect::<HashMap<_, _>>())
        .build()?;
    config_of(process, contents, layers)
}

/// The same for a process of another kind.
pub(super) fn config_of(
    process: Config,
    contents: &Contents<'_>,
    layers: &[Layer],
) -> Result<Blob, OciSpecError> {
    let diff_ids: Vec<_> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    let history: Result<Vec<_>, _> = layers.iter().map(|layer| history(contents, layer)).collect();
    let mut config = ImageConfigurationBuilder::default()
        .architecture(contents.platform.architecture.clone())
        .os(Os::Linux)
        .created(contents.created.to_string())
        .config(process)
        .rootfs(RootFsBuilder::default().diff_ids(diff_ids).build()?)
        .history(history?)
        .build()?;
    config.set_variant(contents.platform.variant.map(str::to_owned));
    Blob::json(MediaType::ImageConfig, &config)
}

fn history(contents: &Contents<'_>, layer: &Layer) -> Result<History, OciSpecError> {
    HistoryBuilder::default()
        .created(contents.created.to_string())
        .created_by("policy-builder")
        .comment(layer.comment)
        .build()
}

/// The image: its configuration and layers, by digest.
pub(super) fn manifest(
    contents: &Contents<'_>,
    config: &Blob,
    layers: &[Layer],
) -> Result<Blob, OciSpecError> {
    let annotations: HashMap<_, _> = contents
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

/// `index.json`: the layout's one image, with its platform and name.
pub(super) fn index(contents: &Contents<'_>, manifest: &Blob) -> Result<Vec<u8>, OciSpecError> {
    let annotations = HashMap::from([
        (ANNOTATION_REF_NAME.to_owned(), contents.name.tag().to_owned()),
        (ANNOTATION_FULL_NAME.to_owned(), contents.name.full()),
    ]);
    let mut image = manifest.descriptor.clone();
    image.set_platform(Some(contents.platform.document()?));
    image.set_annotations(Some(annotations));
    let index = ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests([image])
        .build()?;
    canonical_json(&index)
}

/// `manifest.json`: the same image for loaders that know Docker's own archives only.
pub(super) fn docker_manifest(
    name: &ImageName,
    config: &Blob,
    layers: &[Layer],
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

/// Sorted keys and no white space: the format's own types hold hash maps, whose order varies.
pub(crate) fn canonical_json(document: &impl Serialize) -> Result<Vec<u8>, OciSpecError> {
    let mut value = serde_json::to_value(document)?;
    value.sort_all_objects();
    Ok(serde_json::to_vec(&value)?)
}
