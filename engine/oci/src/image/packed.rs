use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use oci_spec::image::{Descriptor, Digest};
use policy_host::atomic::{self, WriteError};

use super::documents;
use super::referrer::{Attachment, Referrer};
use super::spec::ImageSpec;
use crate::archive::{self, ARTIFACT, LayoutFile};
use crate::blob::{Blob, canonical_json};
use crate::error::ImageError;
use crate::layer::Layer;
use crate::store::{BlobProblem, Store, StoreError};
use crate::{Platform, Reference, manifest};

/// An image in memory, packed and digested.
#[derive(Debug)]
pub struct Image {
    pub(super) spec: ImageSpec,
    pub(super) layers: Vec<Layer>,
    pub(super) config: Blob,
    pub(super) manifest: Blob,
    /// The manifest's descriptor with platform and name, as `index.json` lists it.
    pub(super) root: Descriptor,
    pub(super) docker_manifest: Vec<u8>,
    pub(super) referrers: Vec<Referrer>,
}

impl Image {
    /// Describes layers as an image. The layer that seldom changes comes first.
    ///
    /// # Errors
    /// None that the arguments could cause: they are valid by their types.
    pub fn new(spec: ImageSpec, layers: Vec<Layer>) -> Result<Self, ImageError> {
        let listed: Vec<_> = layers.iter().collect();
        let config = documents::config(&spec, &listed)?;
        let manifest = documents::manifest(&spec, &config, &listed)?;
        let root = documents::root(&spec, &manifest)?;
        let docker_manifest = documents::docker_manifest(&spec.name, &config, &listed)?;
        Ok(Self { spec, layers, config, manifest, root, docker_manifest, referrers: Vec::new() })
    }

    /// Attaches a document. The image, and so its digest, does not change.
    ///
    /// # Errors
    /// None that the document could cause.
    pub fn attach(&mut self, document: &Attachment) -> Result<(), ImageError> {
        self.referrers.push(Referrer::new(document, &self.manifest.descriptor, self.spec.created)?);
        Ok(())
    }

    /// The type and the digest of each attached document's manifest.
    pub fn attached(&self) -> impl Iterator<Item = (String, &Digest)> {
        self.referrers.iter().map(|referrer| {
            let kind = referrer.manifest.descriptor.artifact_type().as_ref();
            (kind.map(ToString::to_string).unwrap_or_default(), referrer.manifest.digest())
        })
    }

    /// The name that loaders give the image.
    #[must_use]
    pub fn name(&self) -> &Reference {
        &self.spec.name
    }

    /// The platform that the image runs on.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.spec.platform
    }

    /// The digest that names the image in a registry.
    #[must_use]
    pub fn manifest_digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// The digest that Docker and Podman show as the image's id.
    #[must_use]
    pub fn config_digest(&self) -> &Digest {
        self.config.digest()
    }

    /// The layers, from the lowest.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The bytes that a registry stores: manifest, configuration and compressed layers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.own_blobs().map(Blob::size).sum()
    }

    /// Writes one archive for every loader: an OCI image layout that is also a Docker archive.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write_archive(&self, out: &mut impl Write) -> io::Result<()> {
        // Loaders demand an index of one manifest.
        let mut files = self.layout_files(vec![self.root.clone()])?;
        files.push(("manifest.json".to_owned(), Cow::Borrowed(&self.docker_manifest)));
        archive::write(out, self.spec.created, &files)
    }

    /// Writes the archive to a file, which then holds all of it or is unchanged.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_archive_file(&self, path: &Path) -> Result<(), WriteError> {
        atomic::replace_file(path, ARTIFACT, |file| self.write_archive(file))
    }

    /// Writes an OCI image layout with the attached documents, in place of an empty folder or of
    /// another layout.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_layout_dir(&self, dir: &Path) -> Result<(), WriteError> {
        atomic::replace_folder(dir, ARTIFACT, |new| {
            let referrers =
                self.referrers.iter().map(|referrer| referrer.manifest.descriptor.clone());
            let listed = [self.root.clone()].into_iter().chain(referrers).collect();
            archive::write_folder(new, &self.layout_files(listed)?)
        })
    }

    fn layout_files(&self, listed: Vec<Descriptor>) -> io::Result<Vec<LayoutFile<'_>>> {
        let blobs = self.all_blobs().map(|blob| (blob.path(), Cow::Borrowed(&*blob.bytes)));
        let index = manifest::index(listed).and_then(|index| canonical_json(&index));
        Ok(blobs.chain(archive::layout_files(index.map_err(io::Error::other)?)).collect())
    }

    /// The blobs of the image itself.
    pub(super) fn own_blobs(&self) -> impl Iterator<Item = &Blob> {
        self.layers.iter().map(|layer| &layer.blob).chain([&self.config, &self.manifest])
    }

    /// The blobs of the image and of the attached documents, each once.
    pub(super) fn all_blobs(&self) -> impl Iterator<Item = &Blob> {
        let attached = self.referrers.iter().flat_map(Referrer::blobs);
        let all: BTreeMap<_, _> =
            self.own_blobs().chain(attached).map(|blob| (blob.path(), blob)).collect();
        all.into_values()
    }
}

impl Store for Image {
    fn root(&self) -> Result<Descriptor, StoreError> {
        Ok(self.manifest.descriptor.clone())
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        let digest = descriptor.digest();
        let found = self.all_blobs().find(|blob| blob.digest() == digest);
        found.map(|blob| blob.bytes.clone()).ok_or_else(|| StoreError::Blob {
            digest: digest.clone(),
            problem: BlobProblem::Missing,
        })
    }

    fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        Ok(self.referrers.iter().map(|referrer| referrer.manifest.descriptor.clone()).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use oci_spec::image::{ConfigBuilder, ImageIndex, ImageManifest};
    use serde_json::json;
    use tempfile::tempdir;

    use super::*;
    use crate::digest;
    use crate::layer::{Compression, FileSet};

    /// An image of a few bytes that stand for a program.
    pub(crate) fn sample() -> Image {
        pack(spec(), b"\x7fELF and so on")
    }

    pub(crate) fn spec() -> ImageSpec {
        let process = ConfigBuilder::default()
            .user("1000:1000")
            .entrypoint(["/bin/policy-engine".to_owned()])
            .cmd(["serve".to_owned()])
            .env(["PATH=/bin".to_owned()])
            .exposed_ports(["8181/tcp".to_owned()])
            .working_dir("/")
            .build();
        ImageSpec {
            platform: "linux/arm64".parse().unwrap(),
            name: "example.com:5000/team/policy-engine:v1".parse().unwrap(),
            created: "1700000000".parse().unwrap(),
            labels: [("org.opencontainers.image.title", "Policies"), ("policies", "a, b")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            process: process.unwrap(),
            created_by: "policy-builder".to_owned(),
        }
    }

    pub(crate) fn pack(spec: ImageSpec, program: &[u8]) -> Image {
        let (mut base, mut upper) = (FileSet::default(), FileSet::default());
        base.text("/etc/group", "root:x:0:\n".to_owned());
        upper.program("/bin/policy-engine", program.to_owned());
        let layers = [(base, "users"), (upper, "the program")].map(|(files, comment)| {
            Layer::new(&files, comment, spec.created, Compression::Gzip).unwrap()
        });
        Image::new(spec, layers.into()).unwrap()
    }

    #[test]
    fn same_contents_give_the_same_bytes() {
        let archive = || {
            let mut bytes = Vec::new();
            sample().write_archive(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(archive(), archive());
    }

    #[test]
    fn another_binary_changes_only_the_second_layer() {
        let other = pack(spec(), b"another");
        let image = sample();
        assert_eq!(image.layers[0].digest(), other.layers[0].digest());
        assert_ne!(image.layers[1].digest(), other.layers[1].digest());
        assert_ne!(image.manifest_digest(), other.manifest_digest());
    }

    #[test]
    fn blobs_match_their_digests_and_sizes() {
        let image = sample();
        for blob in image.own_blobs() {
            assert_eq!(blob.digest(), &digest::sha256(&blob.bytes).unwrap());
            assert_eq!(blob.size(), blob.bytes.len() as u64);
        }
        assert_eq!(
            image.size(),
            image.own_blobs().map(|blob| blob.bytes.len() as u64).sum::<u64>()
        );
    }

    #[test]
    fn diff_ids_are_digests_of_uncompressed_layers() {
        for layer in sample().layers() {
            let mut tar = Vec::new();
            GzDecoder::new(layer.blob.bytes.as_slice()).read_to_end(&mut tar).unwrap();
            assert_eq!(layer.diff_id, digest::sha256(&tar).unwrap());
            assert_eq!(layer.uncompressed_size(), tar.len() as u64);
        }
    }

    #[test]
    fn gzip_headers_contain_no_time_or_system() {
        for layer in sample().layers() {
            let [magic @ .., system] = layer.blob.bytes.first_chunk::<10>().unwrap();
            assert_eq!(magic[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
            assert_eq!(*system, 255);
        }
    }

    #[test]
    fn configuration_is_canonical_json() {
        let image = sample();
        let [base, program] = image.layers() else { panic!() };
        let expected = format!(
            concat!(
                r#"{{"architecture":"arm64","config":{{"Cmd":["serve"],"#,
                r#""Entrypoint":["/bin/policy-engine"],"#,
                r#""Env":["PATH=/bin"],"#,
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
    fn manifest_names_its_blobs_and_repeats_standard_labels() {
        let image = sample();
        let [base, program] = image.layers() else { panic!() };
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
    fn index_has_the_image_name_in_every_annotation() {
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
        let index = manifest::index(vec![image.root.clone()]).unwrap();
        assert_eq!(str::from_utf8(&canonical_json(&index).unwrap()).unwrap(), expected);
    }

    /// The files of the sample's archive; folders are left out.
    fn files() -> BTreeMap<String, Vec<u8>> {
        let mut archive = Vec::new();
        sample().write_archive(&mut archive).unwrap();
        let mut files = BTreeMap::new();
        for entry in tar::Archive::new(archive.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if entry.header().entry_type().is_file() {
                files.insert(entry.path().unwrap().display().to_string(), bytes);
            }
        }
        files
    }

    #[test]
    fn every_blob_is_reachable_from_the_oci_index() {
        let mut files = files();
        assert_eq!(files.remove("oci-layout").unwrap(), br#"{"imageLayoutVersion":"1.0.0"}"#);
        let index = files.remove("index.json").unwrap();
        let index = ImageIndex::from_reader(index.as_slice()).unwrap();
        let mut blob = |descriptor: &oci_spec::image::Descriptor| {
            let path = format!("blobs/sha256/{}", descriptor.digest().digest());
            let bytes = files.remove(&path).unwrap();
            assert_eq!(bytes.len() as u64, descriptor.size());
            bytes
        };
        let [image] = index.manifests().as_slice() else { panic!("not one image: {index:?}") };
        let manifest = ImageManifest::from_reader(blob(image).as_slice()).unwrap();
        blob(manifest.config());
        manifest.layers().iter().for_each(|layer| drop(blob(layer)));
        assert_eq!(files.keys().collect::<Vec<_>>(), ["manifest.json"]);
    }

    #[test]
    fn every_blob_is_reachable_from_the_docker_manifest() {
        let (image, files) = (sample(), files());
        let found: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let [config, base, program] =
            [&image.config, &image.layers[0].blob, &image.layers[1].blob].map(Blob::path);
        assert_eq!(
            found,
            json!([{
                "Config": config,
                "Layers": [base, program],
                "RepoTags": ["example.com:5000/team/policy-engine:v1"],
            }])
        );
        assert!([config, base, program].iter().all(|path| files.contains_key(path)));
    }

    #[test]
    fn layout_folder_holds_the_archive_files_except_the_docker_manifest() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image");
        sample().write_layout_dir(&path).unwrap();
        let mut files = files();
        files.remove("manifest.json").unwrap();
        for (name, bytes) in &files {
            assert_eq!(&fs::read(path.join(name)).unwrap(), bytes, "{name}");
        }
        assert_eq!(fs::read_dir(path.join("blobs/sha256")).unwrap().count(), files.len() - 2);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 3);
    }

    #[test]
    fn archive_file_holds_the_archive_bytes() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("image.tar");
        let mut archive = Vec::new();
        sample().write_archive(&mut archive).unwrap();
        sample().write_archive_file(&path).unwrap();
        assert_eq!(fs::read(path).unwrap(), archive);
    }

    #[test]
    fn failing_writer_is_an_error() {
        struct Limited(usize);
        impl Write for Limited {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let taken = bytes.len().min(self.0);
                self.0 -= taken;
                if taken == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut archive = Vec::new();
        let image = sample();
        image.write_archive(&mut archive).unwrap();
        for limit in [0, 511, 512, archive.len() / 2, archive.len() - 1] {
            let error = image.write_archive(&mut Limited(limit)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "after {limit} bytes");
        }
        image.write_archive(&mut Limited(archive.len())).unwrap();
    }
}
