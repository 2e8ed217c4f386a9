use std::io;
use std::path::Path;

use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, Digest, DigestAlgorithm, ImageIndex, ImageManifest, MediaType,
};

use serde::Deserialize;

use super::error::{BlobProblem, NotAnImage, StoreError};
use super::files::LayoutFiles;
use super::source::{LARGEST_MANIFEST, Store, checked, document};
use crate::digest;

const BLOBS: &str = "blobs/sha256";

/// An OCI image layout of one image, in a folder or an archive. A Docker archive is laid out as one.
#[derive(Debug)]
pub struct Layout {
    files: LayoutFiles,
    root: Descriptor,
}

impl Layout {
    /// Opens the image in a folder or an archive.
    ///
    /// # Errors
    /// When it cannot be read, or is no OCI image layout of one image or one index, and no Docker
    /// archive of one image.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let files = LayoutFiles::open(path)?;
        if files.size("oci-layout").map_err(StoreError::Open)?.is_none() {
            return Err(StoreError::NotAnImage(NotAnImage::NoFile("oci-layout")));
        }
        let root = only_image(&files)?;
        let layout = Self { files, root };
        layout.check_docker_manifest()?;
        Ok(layout)
    }

    /// Docker reads another document of an archive: it has to name the same image, or what is judged
    /// here would not be what runs there. Of an index it names one image, which is not looked for.
    fn check_docker_manifest(&self) -> Result<(), StoreError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct DockerImage {
            config: String,
            layers: Vec<String>,
        }
        const DOCKER: &str = "manifest.json";
        let size = self.files.size(DOCKER).map_err(StoreError::Open)?;
        if size.is_none() || *self.root.media_type() != MediaType::ImageManifest {
            return Ok(());
        }
        let manifest: ImageManifest = document(self, &self.root, LARGEST_MANIFEST)?;
        let path = |blob: &Descriptor| format!("{BLOBS}/{}", blob.digest().digest());
        let layers: Vec<_> = manifest.layers().iter().map(path).collect();
        let is_small = size.is_some_and(|size| size <= LARGEST_MANIFEST);
        let bytes = if is_small { self.files.read(DOCKER) } else { Ok(Vec::new()) };
        let images: Vec<DockerImage> =
            serde_json::from_slice(&bytes.map_err(StoreError::Open)?).unwrap_or_default();
        match images.as_slice() {
            [image] if image.config == path(manifest.config()) && image.layers == layers => Ok(()),
            _ => Err(StoreError::NotAnImage(NotAnImage::TwoImages)),
        }
    }

    /// The descriptor of a manifest that refers to a subject; `None` for any other blob.
    fn referrer(&self, name: &str, subject: &Digest) -> io::Result<Option<Descriptor>> {
        let path = format!("{BLOBS}/{name}");
        if self.files.size(&path)?.is_none_or(|size| size > LARGEST_MANIFEST) {
            return Ok(None);
        }
        let bytes = self.files.read(&path)?;
        let Ok(manifest) = serde_json::from_slice::<ImageManifest>(&bytes) else { return Ok(None) };
        if manifest.subject().as_ref().is_none_or(|named| named.digest() != subject) {
            return Ok(None);
        }
        let digest = digest::sha256(&bytes).map_err(io::Error::other)?;
        let mut found = Descriptor::new(MediaType::ImageManifest, bytes.len() as u64, digest);
        let of_config = || Some(manifest.config().media_type().clone());
        found.set_artifact_type(manifest.artifact_type().clone().or_else(of_config));
        found.set_annotations(manifest.annotations().clone());
        Ok(Some(found))
    }
}

impl Store for Layout {
    fn root(&self) -> Result<Descriptor, StoreError> {
        Ok(self.root.clone())
    }

    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, StoreError> {
        let digest = descriptor.digest();
        let blob = |problem| StoreError::Blob { digest: digest.clone(), problem };
        // The rest of such a digest is hexadecimal, so that no path leads elsewhere.
        if *digest.algorithm() != DigestAlgorithm::Sha256 {
            return Err(blob(BlobProblem::Algorithm));
        }
        let path = format!("{BLOBS}/{}", digest.digest());
        let expected = descriptor.size();
        match self.files.size(&path).map_err(|error| blob(BlobProblem::Io(error)))? {
            None => Err(blob(BlobProblem::Missing)),
            Some(found) if found != expected => Err(blob(BlobProblem::Size { found, expected })),
            Some(_) => {
                let bytes = self.files.read(&path);
                checked(descriptor, bytes.map_err(|error| blob(BlobProblem::Io(error)))?)
            }
        }
    }

    /// They are looked for among all blobs: an archive's index names the image alone.
    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        let mut found = Vec::new();
        for name in self.files.names(BLOBS).map_err(StoreError::Open)? {
            found.extend(self.referrer(&name, subject).map_err(StoreError::Open)?);
        }
        Ok(found)
    }
}

/// The one image of a layout's index; what refers to another manifest may be listed as well.
fn only_image(files: &LayoutFiles) -> Result<Descriptor, StoreError> {
    const INDEX: &str = "index.json";
    let not_an_image = StoreError::NotAnImage;
    let size = files.size(INDEX).map_err(StoreError::Open)?;
    let size = size.ok_or(not_an_image(NotAnImage::NoFile(INDEX)))?;
    if size > LARGEST_MANIFEST {
        let largest = LARGEST_MANIFEST;
        return Err(not_an_image(NotAnImage::Large { name: INDEX.to_owned(), size, largest }));
    }
    let bytes = files.read(INDEX).map_err(StoreError::Open)?;
    let index: ImageIndex = serde_json::from_slice(&bytes)
        .map_err(|error| not_an_image(NotAnImage::Index(error.to_string())))?;
    let images: Vec<_> =
        index.manifests().iter().filter(|entry| entry.artifact_type().is_none()).collect();
    match images.as_slice() {
        [image] => Ok((*image).clone()),
        images => {
            Err(not_an_image(NotAnImage::Images(images.iter().map(|image| name(image)).collect())))
        }
    }
}

fn name(image: &Descriptor) -> String {
    let named = image.annotations().as_ref().and_then(|all| all.get(ANNOTATION_REF_NAME));
    format!("`{}`", named.cloned().unwrap_or_else(|| image.digest().to_string()))
}

#[cfg(test)]
mod tests;
