//! Docker archives of one image, as `docker save` and nixpkgs' `dockerTools` write them. They are laid
//! out as an OCI image layout in a temporary folder, and read there as any other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use fs_err::File;
use oci_spec::OciSpecError;
use oci_spec::image::{Descriptor, MediaType};
use serde::Deserialize;
use tar::Archive;

use super::archive::{GZIP, MAX_MEMBERS};
use super::error::{NotAnImage, StoreError};
use super::source::LARGEST_MANIFEST;
use crate::archive::{BLOBS, OCI_LAYOUT};
use crate::blob::{Blob, canonical_json};
use crate::digest::DigestWriter;
use crate::layer::GzipWriter;
use crate::{Reference, manifest};
use policy_host::signals::ScratchDir;
use policy_host::tree::create_folders_in;

/// The name of the document that says what the archive holds.
pub(super) const MANIFEST: &str = "manifest.json";
/// The largest archive, unpacked. Images have some megabytes.
const LARGEST: u64 = 16 << 30;

/// An image, as `manifest.json` lists it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// A configuration, as far as it is needed here.
#[derive(Deserialize)]
struct Configuration {
    config: Option<Process>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct Process {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// Checks whether a file is packed with gzip.
pub(super) fn is_gzip(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(GZIP.len() as u64).read_to_end(&mut start)?;
    Ok(start == GZIP)
}

/// Lays out an archive, which may be packed with gzip, in a temporary folder. Its layers are packed
/// as ours are.
pub(super) fn lay_out(path: &Path) -> Result<ScratchDir, StoreError> {
    let folder = ScratchDir::new().map_err(StoreError::Open)?;
    let blobs = folder.path().join(BLOBS);
    create_folders_in(folder.path(), Path::new(BLOBS)).map_err(StoreError::Open)?;
    let (image, config) = documents(path)?;
    let wrong = |error: serde_json::Error| {
        let (name, error) = (image.config.clone(), error.to_string());
        StoreError::NotAnImage(NotAnImage::Document { name, error })
    };
    let Configuration { config: process, rootfs } =
        serde_json::from_slice(&config).map_err(wrong)?;
    let found = layers(path, &image, &rootfs.diff_ids, &blobs)?;
    let labels = process.and_then(|process| process.labels).unwrap_or_default();
    let name = image.repo_tags.iter().flatten().next();
    let name = name.map(|name| Reference::parse_name(name)).transpose()?;
    let documents = || -> Result<_, OciSpecError> {
        let config = Blob::new(MediaType::ImageConfig, config)?;
        let manifest = manifest::manifest(&labels, &config, found)?;
        let root = match &name {
            Some(name) => manifest::named(&manifest, name),
            None => manifest.descriptor.clone(),
        };
        let index = canonical_json(&manifest::index(vec![root])?)?;
        Ok([
            (config.path(), config.bytes),
            (manifest.path(), manifest.bytes),
            ("index.json".to_owned(), index),
            ("oci-layout".to_owned(), OCI_LAYOUT.to_owned()),
        ])
    };
    let documents = documents().map_err(|error| StoreError::Open(io::Error::other(error)))?;
    for (file, bytes) in documents {
        fs_err::write(folder.path().join(file), bytes).map_err(StoreError::Open)?;
    }
    Ok(folder)
}

/// The archive's one image, and its configuration: of the JSON documents at its root, which are no
/// more than fit into memory.
fn documents(path: &Path) -> Result<(DockerImage, Vec<u8>), StoreError> {
    let mut documents = BTreeMap::new();
    let mut room = LARGEST_MANIFEST;
    let mut names = BTreeSet::new();
    for_each_file(path, |name, file| {
        if !names.insert(name.to_owned()) {
            return Err(StoreError::NotAnImage(NotAnImage::Twice(name.to_owned())));
        }
        let is_json = Path::new(name).extension().is_some_and(|extension| extension == "json");
        if is_json && !name.contains('/') {
            let size = file.size();
            room = room.checked_sub(size).ok_or_else(|| {
                let (name, largest) = (name.to_owned(), LARGEST_MANIFEST);
                StoreError::NotAnImage(NotAnImage::Large { name, size, largest })
            })?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(not_tar)?;
            documents.insert(name.to_owned(), bytes);
        }
        Ok(())
    })?;
    let refused = |problem| Err(StoreError::NotAnImage(problem));
    if names.contains("oci-layout") {
        return refused(NotAnImage::Gzip);
    }
    let Some(manifest) = documents.get(MANIFEST) else {
        return refused(NotAnImage::NoFile(MANIFEST));
    };
    let mut images: Vec<DockerImage> = match serde_json::from_slice(manifest) {
        Ok(images) => images,
        Err(error) => {
            let (name, error) = (MANIFEST.to_owned(), error.to_string());
            return refused(NotAnImage::Document { name, error });
        }
    };
    let image = match (images.pop(), images.as_slice()) {
        (Some(image), []) => image,
        (last, others) => {
            let images = others.iter().chain(&last);
            return refused(NotAnImage::Images(
                images.map(|image| format!("`{}`", image.config)).collect(),
            ));
        }
    };
    if let Some(missing) = image.layers.iter().find(|layer| !names.contains(clean(layer))) {
        return refused(NotAnImage::Unlisted(missing.clone()));
    }
    match documents.remove(clean(&image.config)) {
        Some(config) => Ok((image, config)),
        None => refused(NotAnImage::Unlisted(image.config)),
    }
}

/// Packs the image's layers into files that are named by their digests, and describes them.
fn layers(
    path: &Path,
    image: &DockerImage,
    diff_ids: &[String],
    blobs: &Path,
) -> Result<Vec<Descriptor>, StoreError> {
    if image.layers.len() != diff_ids.len() {
        let (listed, configured) = (image.layers.len(), diff_ids.len());
        return Err(StoreError::NotAnImage(NotAnImage::Layers { listed, configured }));
    }
    let wanted: BTreeSet<_> = image.layers.iter().map(|layer| clean(layer)).collect();
    let mut packed = BTreeMap::new();
    for_each_file(path, |name, file| {
        if wanted.contains(name) {
            packed.insert(name.to_owned(), pack(file, blobs)?);
        }
        Ok(())
    })?;
    let found = image.layers.iter().zip(diff_ids).map(|(layer, expected)| {
        let Some((descriptor, diff_id)) = packed.get(clean(layer)) else {
            return Err(StoreError::NotAnImage(NotAnImage::Unlisted(layer.clone())));
        };
        if diff_id != expected {
            let (name, found) = (layer.clone(), diff_id.clone());
            let expected = expected.clone();
            return Err(StoreError::NotAnImage(NotAnImage::Layer { name, found, expected }));
        }
        Ok(descriptor.clone())
    });
    found.collect()
}

/// Packs a layer, and returns its description and the digest of what it unpacks to.
fn pack(layer: &mut impl Read, blobs: &Path) -> Result<(Descriptor, String), StoreError> {
    let written = StoreError::Open;
    let path = blobs.join("layer");
    let file = BufWriter::new(File::create(&path).map_err(written)?);
    let gzip = GzipWriter::new(DigestWriter::new(file)).map_err(written)?;
    let mut unpacked = DigestWriter::new(gzip);
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = layer.read(&mut bytes).map_err(not_tar)?;
        match bytes.get(..read) {
            None | Some([]) => break,
            Some(read) => unpacked.write_all(read).map_err(written)?,
        }
    }
    let digested = |error| written(io::Error::other::<OciSpecError>(error));
    let unpacked = unpacked.finish().map_err(digested)?;
    let packed = unpacked.inner.finish().map_err(written)?.finish().map_err(digested)?;
    packed.inner.into_inner().map_err(|error| written(error.into_error()))?;
    fs_err::rename(&path, blobs.join(packed.digest.digest())).map_err(written)?;
    let descriptor = Descriptor::new(MediaType::ImageLayerGzip, packed.size, packed.digest);
    Ok((descriptor, unpacked.digest.to_string()))
}

/// A file in an archive.
type Member<'a> = tar::Entry<'a, Box<dyn Read>>;

/// Hands each file of an archive to `handle`, with its name. Raw: names that are too long for a
/// header are none of an image's. What links to a file is no file. An archive that is cut off in a
/// file fails at the next one.
fn for_each_file(
    path: &Path,
    mut handle: impl FnMut(&str, &mut Member<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let file = BufReader::new(File::open(path).map_err(StoreError::Open)?);
    let is_gzip = is_gzip(path).map_err(StoreError::Open)?;
    let unpacked: Box<dyn Read> =
        if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let bounded: Box<dyn Read> = Box::new(Bounded { inner: unpacked, left: LARGEST });
    let mut archive = Archive::new(bounded);
    for (count, entry) in archive.entries().map_err(not_tar)?.raw(true).enumerate() {
        if count == MAX_MEMBERS {
            return Err(StoreError::NotAnImage(NotAnImage::ManyFiles(MAX_MEMBERS)));
        }
        let mut entry = entry.map_err(not_tar)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
        handle(clean(&name), &mut entry)?;
    }
    Ok(())
}

fn clean(name: &str) -> &str {
    name.trim_start_matches("./")
}

fn not_tar(error: io::Error) -> StoreError {
    StoreError::NotAnImage(NotAnImage::NotTar(error))
}

/// A reader that fails where more comes than it may: gzip unpacks to a thousand times its size.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(format!("it unpacks to more than {LARGEST} bytes")))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
