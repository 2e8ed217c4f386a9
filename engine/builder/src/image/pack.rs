use std::collections::BTreeMap;

use oci_spec::OciSpecError;
use oci_spec::image::Digest;

use super::attachment::Attachment;
use super::documents::{self, Blob};
use super::layer::{self, Layer};
use super::{ImageName, Platform, SourceDate};

/// What goes into an image, and what is said of it.
#[derive(Debug, Clone)]
pub(crate) struct Contents<'a> {
    /// The statically linked program.
    pub(crate) binary: &'a [u8],
    /// The platform that the program was built for.
    pub(crate) platform: Platform,
    /// The name that loaders give the image.
    pub(crate) name: ImageName,
    /// The date of the image and of every file in it.
    pub(crate) created: SourceDate,
    /// The image's labels; those of `org.opencontainers.image` are annotations as well.
    pub(crate) labels: BTreeMap<String, String>,
}

/// An image in memory: packed, digested, and ready to be written.
#[derive(Debug)]
pub(crate) struct Image {
    pub(super) name: ImageName,
    pub(super) created: SourceDate,
    pub(super) platform: Platform,
    pub(super) layers: [Layer; 2],
    pub(super) config: Blob,
    pub(super) manifest: Blob,
    /// An archive's `index.json`, which loaders demand to name one manifest.
    pub(super) index: Vec<u8>,
    /// A layout's, by which tools find what is attached.
    pub(super) layout_index: Vec<u8>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) docker_manifest: Vec<u8>,
}

/// Packs the binary.
///
/// # Errors
/// Nothing that the contents could cause: they are valid by their types.
pub(crate) fn pack(contents: &Contents<'_>) -> Result<Image, PackError> {
    let layers =
        [layer::base(contents.created)?, layer::program(contents.binary, contents.created)?];
    let config = documents::config(contents, &layers)?;
    let manifest = documents::manifest(contents, &config, &layers)?;
    let index = documents::index(contents, &manifest)?;
    let docker_manifest = documents::docker_manifest(&contents.name, &config, &layers)?;
    Ok(Image {
        name: contents.name.clone(),
        created: contents.created,
        platform: contents.platform.clone(),
        layers,
        config,
        manifest,
        layout_index: index.clone(),
        index,
        attachments: Vec::new(),
        docker_manifest,
    })
}

impl Image {
    /// The name that loaders give the image.
    pub(crate) fn name(&self) -> &ImageName {
        &self.name
    }

    /// The platform that the image is for.
    pub(crate) fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The digest that names the image in a registry.
    pub(crate) fn manifest_digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// The digest that Docker and Podman show as the image's id.
    pub(crate) fn config_digest(&self) -> &Digest {
        self.config.digest()
    }

    /// The layers, the one that seldom changes first.
    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The bytes that a registry stores: manifest, configuration and compressed layers.
    pub(crate) fn size(&self) -> u64 {
        self.blobs().map(Blob::size).sum()
    }

    /// What the image itself is made of.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.layers.iter().map(|layer| &layer.blob).chain([&self.config, &self.manifest])
    }

    /// The same, and what is attached to it; each blob once.
    pub(super) fn all_blobs(&self) -> impl Iterator<Item = &Blob> {
        let attached = self.attachments.iter().flat_map(Attachment::blobs);
        let all: BTreeMap<_, _> =
            self.blobs().chain(attached).map(|blob| (blob.path(), blob)).collect();
        all.into_values()
    }
}

/// Why an image could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("put the image together in memory: {0}; this is a defect of the builder, please report it")]
pub(crate) struct PackError(#[from] OciSpecError);

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::super::digest;
    use super::*;

    /// An image of a few bytes that stand for a program.
    pub(crate) fn sample() -> Image {
        pack(&contents()).unwrap()
    }

    pub(crate) fn contents() -> Contents<'static> {
        Contents {
            binary: b"\x7fELF and so on",
            platform: "linux/arm64".parse().unwrap(),
            name: "example.com:5000/team/policy-engine:v1".parse().unwrap(),
            created: "1700000000".parse().unwrap(),
            labels: [("org.opencontainers.image.title", "Policies"), ("policies", "a, b")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        }
    }

    #[test]
    fn the_same_contents_give_the_same_bytes() {
        let archive = || {
            let mut bytes = Vec::new();
            sample().write_archive(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(archive(), archive());
    }

    #[test]
    fn another_binary_changes_only_the_second_layer() {
        let other = pack(&Contents { binary: b"another", ..contents() }).unwrap();
        let image = sample();
        assert_eq!(image.layers[0].digest(), other.layers[0].digest());
        assert_ne!(image.layers[1].digest(), other.layers[1].digest());
        assert_ne!(image.manifest_digest(), other.manifest_digest());
    }

    #[test]
    fn every_digest_and_size_is_that_of_its_blob() {
        let image = sample();
        for blob in image.blobs() {
            assert_eq!(blob.digest(), &digest::of(&blob.bytes).unwrap());
            assert_eq!(blob.size(), blob.bytes.len() as u64);
        }
        assert_eq!(image.size(), image.blobs().map(|blob| blob.bytes.len() as u64).sum::<u64>());
    }

    #[test]
    fn diff_ids_and_sizes_are_those_of_the_unpacked_layers() {
        for layer in sample().layers() {
            let mut tar = Vec::new();
            GzDecoder::new(layer.blob.bytes.as_slice()).read_to_end(&mut tar).unwrap();
            assert_eq!(layer.diff_id, digest::of(&tar).unwrap());
            assert_eq!(layer.uncompressed_size(), tar.len() as u64);
        }
    }

    #[test]
    fn gzip_headers_say_nothing_of_the_machine() {
        for layer in sample().layers() {
            let [magic @ .., system] = layer.blob.bytes.first_chunk::<10>().unwrap();
            assert_eq!(magic[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
            assert_eq!(*system, 255);
        }
    }

    #[test]
    fn the_configuration_is_canonical_json() {
        let image = sample();
        let [base, program] = &image.layers;
        let expected = format!(
            concat!(
                r#"{{"architecture":"arm64","config":{{"Cmd":["serve"],"#,
                r#""Entrypoint":["/bin/policy-engine"],"#,
                r#""Env":["PATH=/bin","SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt","#,
                r#""POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:8181"],"#,
                r#""ExposedPorts":{{"8181/tcp":{{}}}},"#,
                r#""Labels":{{"org.opencontainers.image.title":"Policies","policies":"a, b"}},"#,
                r#""User":"1000:1000","WorkingDir":"/"}},"created":"2023-11-14T22:13:20Z","#,
                r#""history":[{{"comment":"{}","created":"2023-11-14T22:13:20Z","#,
                r#""created_by":"policy-builder"}},{{"comment":"{}","#,
                r#""created":"2023-11-14T22:13:20Z","created_by":"policy-builder"}}],"#,
                r#""os":"linux","rootfs":{{"diff_ids":["{}","{}"],"type":"layers"}}}}"#,
            ),
            base.comment, program.comment, base.diff_id, program.diff_id,
        );
        assert_eq!(str::from_utf8(&image.config.bytes).unwrap(), expected);
    }

    #[test]
    fn the_manifest_names_its_blobs_and_repeats_the_standard_labels() {
        let image = sample();
        let [base, program] = &image.layers;
        let expected = format!(
            concat!(
                r#"{{"annotations":{{"org.opencontainers.image.title":"Policies"}},"#,
                r#""config":{{"digest":"{}","mediaType":"#,
                r#""application/vnd.oci.image.config.v1+json","size":{}}},"#,
                r#""layers":[{{"digest":"{}","mediaType":"#,
                r#""application/vnd.oci.image.layer.v1.tar+gzip","size":{}}},"#,
                r#"{{"digest":"{}","mediaType":"#,
                r#""application/vnd.oci.image.layer.v1.tar+gzip","size":{}}}],"#,
                r#""mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}}"#,
            ),
            image.config_digest(),
            image.config.size(),
            base.digest(),
            base.compressed_size(),
            program.digest(),
            program.compressed_size(),
        );
        assert_eq!(str::from_utf8(&image.manifest.bytes).unwrap(), expected);
    }

    #[test]
    fn the_index_gives_the_image_its_name_in_every_spelling() {
        let image = sample();
        let expected = format!(
            concat!(
                r#"{{"manifests":[{{"annotations":{{"io.containerd.image.name":"#,
                r#""example.com:5000/team/policy-engine:v1","#,
                r#""org.opencontainers.image.ref.name":"v1"}},"digest":"{}","#,
                r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#,
                r#""platform":{{"architecture":"arm64","os":"linux"}},"size":{}}}],"#,
                r#""mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}}"#,
            ),
            image.manifest_digest(),
            image.manifest.size(),
        );
        assert_eq!(str::from_utf8(&image.index).unwrap(), expected);
    }
}
