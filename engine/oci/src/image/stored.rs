use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use oci_spec::image::Digest;
use policy_host::atomic::{self, WriteError};
use tar::{Builder, EntryType};

use super::documents;
use super::spec::ImageSpec;
use crate::archive::{self, ARTIFACT};
use crate::blob::{Blob, canonical_json};
use crate::error::ImageError;
use crate::layer::{self, Layer, StoredLayer};
use crate::{SourceDate, manifest};

/// An image of layers that are too large for memory.
#[derive(Debug)]
pub struct StoredImage {
    created: SourceDate,
    files: Vec<(String, File)>,
    documents: Vec<(String, Vec<u8>)>,
    manifest: Digest,
    size: u64,
}

impl StoredImage {
    /// Describes layers as an image.
    ///
    /// # Errors
    /// None that the arguments could cause: they are valid by their types.
    pub fn new(spec: &ImageSpec, stored: Vec<StoredLayer>) -> Result<Self, ImageError> {
        let (layers, files): (Vec<Layer>, Vec<File>) =
            stored.into_iter().map(|stored| (stored.layer, stored.file)).unzip();
        let listed: Vec<_> = layers.iter().collect();
        let config = documents::config(spec, &listed)?;
        let manifest = documents::manifest(spec, &config, &listed)?;
        let index = manifest::index(vec![documents::root(spec, &manifest)?])?;
        let docker_manifest = documents::docker_manifest(&spec.name, &config, &listed)?;
        let blobs = layers.iter().map(|layer| &layer.blob).chain([&config, &manifest]);
        Ok(Self {
            created: spec.created,
            size: blobs.map(Blob::size).sum(),
            manifest: manifest.digest().clone(),
            documents: vec![
                (config.path(), config.bytes),
                (manifest.path(), manifest.bytes),
                ("index.json".to_owned(), canonical_json(&index)?),
                ("manifest.json".to_owned(), docker_manifest),
                ("oci-layout".to_owned(), archive::OCI_LAYOUT.to_owned()),
            ],
            files: layers.iter().map(|layer| layer.blob.path()).zip(files).collect(),
        })
    }

    /// The digest that names the image in a registry.
    #[must_use]
    pub fn manifest_digest(&self) -> &Digest {
        &self.manifest
    }

    /// The bytes that a registry stores.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes the archive to a file, which holds all of it or what it held before.
    ///
    /// # Errors
    /// When the file cannot be written, or a layer cannot be read again.
    pub fn write_archive_file(mut self, path: &Path) -> Result<(), WriteError> {
        atomic::replace_file(path, ARTIFACT, |file| self.write(BufWriter::new(file)))
    }

    /// Writes the members of any image's archive, in the same order. The layers are read again.
    fn write(&mut self, out: impl Write) -> io::Result<()> {
        let mut tar = Builder::new(out);
        for path in ["blobs/", "blobs/sha256/"] {
            let mut header = layer::tar::header(EntryType::Directory, 0o755, 0, self.created);
            tar.append_data(&mut header, path, io::empty())?;
        }
        let documents = self.documents.iter().map(|(path, bytes)| (path, Source::Bytes(bytes)));
        let files = self.files.iter_mut().map(|(path, file)| (&*path, Source::File(file)));
        let mut members: Vec<_> = documents.chain(files).collect();
        members.sort_unstable_by_key(|(path, _)| *path);
        for (path, source) in members {
            let header = |size| layer::tar::header(EntryType::Regular, 0o644, size, self.created);
            match source {
                Source::Bytes(bytes) => {
                    tar.append_data(&mut header(bytes.len() as u64), path, bytes)?;
                }
                Source::File(file) => {
                    let size = file.metadata()?.len();
                    file.rewind()?;
                    tar.append_data(&mut header(size), path, file)?;
                }
            }
        }
        tar.into_inner()?.flush()
    }
}

enum Source<'a> {
    Bytes(&'a [u8]),
    File(&'a mut File),
}
