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

/// What `docker load` reads of an archive.
const DOCKER_MANIFEST: &str = "manifest.json";

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
                (DOCKER_MANIFEST.to_owned(), docker_manifest),
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
    pub fn write_archive_file(&mut self, path: &Path) -> Result<(), WriteError> {
        atomic::replace_file(path, ARTIFACT, |file| self.write(BufWriter::new(file)))
    }

    /// Writes an OCI image layout, in place of an empty folder or of another layout.
    ///
    /// # Errors
    /// When the folder cannot be written, or a layer cannot be read again.
    pub fn write_layout_dir(&mut self, dir: &Path) -> Result<(), WriteError> {
        atomic::replace_folder(dir, ARTIFACT, |new| {
            let documents = self.documents.iter().filter(|(path, _)| path != DOCKER_MANIFEST);
            let documents = documents.map(|(path, bytes)| (path.clone(), bytes.into()));
            archive::write_folder(new, &documents.collect::<Vec<_>>())?;
            self.files.iter_mut().try_for_each(|(path, file)| {
                file.rewind()?;
                io::copy(file, &mut File::create(new.join(path))?).map(drop)
            })
        })
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;
    use crate::FileSet;
    use crate::image::packed::tests::spec;

    #[test]
    fn layout_folder_holds_the_archive_files_except_the_docker_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = FileSet::default();
        files.text("/greeting", "hello".to_owned());
        let spec = spec();
        let layer = StoredLayer::new(&files, "a test", spec.created, folder.path()).unwrap();
        let mut image = StoredImage::new(&spec, vec![layer]).unwrap();
        let (archive, layout) = (folder.path().join("image.tar"), folder.path().join("layout"));
        image.write_layout_dir(&layout).unwrap();
        image.write_archive_file(&archive).unwrap();

        let mut compared = 0;
        for entry in tar::Archive::new(File::open(archive).unwrap()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            if entry.header().entry_type().is_file() && path != Path::new(DOCKER_MANIFEST) {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                assert_eq!(fs::read(layout.join(&path)).unwrap(), bytes, "{}", path.display());
                compared += 1;
            }
        }
        // Three blobs, the index and the mark.
        assert_eq!(compared, 5);
        assert!(!layout.join(DOCKER_MANIFEST).exists());
    }
}
