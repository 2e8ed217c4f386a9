use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use oci_spec::OciSpecError;
use oci_spec::image::{Config, Descriptor, Digest, MediaType};
use tar::{Builder, EntryType};

use super::digest::Digesting;
use super::documents::{self, Blob, OCI_LAYOUT};
use super::layer::Layer;
use super::{Contents, FileSet, SourceDate, gzip, ustar};
use crate::artifacts;
use policy_host::atomic::{self, WriteError};

/// A layer that is too large for memory: packed, digested, and kept in a file that nobody sees.
#[derive(Debug)]
pub(crate) struct StoredLayer {
    /// What is known of the layer, without its bytes.
    layer: Layer,
    file: File,
}

impl StoredLayer {
    /// Packs files, with what is written on the way in `folder`.
    pub(crate) fn pack(
        files: &FileSet,
        comment: &'static str,
        created: SourceDate,
        folder: &Path,
    ) -> Result<Self, StoredError> {
        let file = BufWriter::new(tempfile::tempfile_in(folder)?);
        let gzip = gzip::stream(Digesting::new(file));
        let tar = files.write(Digesting::new(gzip), created)?.finish()?;
        let blob = tar.inner.finish()?.finish()?;
        let layer = Layer {
            blob: Blob {
                descriptor: Descriptor::new(MediaType::ImageLayerGzip, blob.size, blob.digest),
                bytes: Vec::new(),
            },
            diff_id: tar.digest,
            uncompressed_size: tar.size,
            comment,
        };
        let file = blob.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { layer, file })
    }
}

/// An image of such layers.
#[derive(Debug)]
pub(crate) struct StoredImage {
    created: SourceDate,
    files: Vec<(String, File)>,
    documents: Vec<(String, Vec<u8>)>,
    manifest: Digest,
    size: u64,
}

impl StoredImage {
    /// Puts the image together. It runs as the process says; what `contents` has as its binary is
    /// not looked at.
    pub(crate) fn new(
        contents: &Contents<'_>,
        process: Config,
        stored: Vec<StoredLayer>,
    ) -> Result<Self, StoredError> {
        let mut layers = Vec::new();
        let mut files = Vec::new();
        for StoredLayer { layer, file } in stored {
            files.push((layer.blob.path(), file));
            layers.push(layer);
        }
        let config = documents::config_of(process, contents, &layers)?;
        let manifest = documents::manifest(contents, &config, &layers)?;
        let index = documents::index(contents, &manifest)?;
        let docker_manifest = documents::docker_manifest(&contents.name, &config, &layers)?;
        let blobs = layers.iter().map(|layer| &layer.blob).chain([&config, &manifest]);
        Ok(Self {
            created: contents.created,
            size: blobs.map(Blob::size).sum(),
            manifest: manifest.digest().clone(),
            documents: vec![
                (config.path(), config.bytes),
                (manifest.path(), manifest.bytes),
                ("index.json".to_owned(), index),
                ("manifest.json".to_owned(), docker_manifest),
                ("oci-layout".to_owned(), OCI_LAYOUT.to_owned()),
            ],
            files,
        })
    }

    /// The digest that names the image in a registry.
    pub(crate) fn manifest_digest(&self) -> &Digest {
        &self.manifest
    }

    /// The bytes that a registry stores.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Writes the archive to a file, which holds all of it or what it held before.
    pub(crate) fn write_archive_file(mut self, path: &Path) -> Result<(), WriteError> {
        atomic::replace_file(path, artifacts::IMAGE, |file| self.write(BufWriter::new(file)))
    }

    /// The same members as of any image, in the same order; the layers are read again.
    fn write(&mut self, out: impl Write) -> io::Result<()> {
        let mut tar = Builder::new(out);
        for path in ["blobs/", "blobs/sha256/"] {
            let mut header = ustar::header(EntryType::Directory, 0o755, 0, self.created);
            tar.append_data(&mut header, path, io::empty())?;
        }
        let documents = self.documents.iter().map(|(path, bytes)| (path, Source::Bytes(bytes)));
        let files = self.files.iter_mut().map(|(path, file)| (&*path, Source::File(file)));
        let mut members: Vec<_> = documents.chain(files).collect();
        members.sort_unstable_by_key(|(path, _)| *path);
        for (path, source) in members {
            let header = |size| ustar::header(EntryType::Regular, 0o644, size, self.created);
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

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    #[error("pack the image: {0}")]
    Files(#[from] io::Error),
    #[error("put the image together: {0}; this is a defect of the builder, please report it")]
    Documents(#[from] OciSpecError),
}
