use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, Digest, ImageIndex, ImageManifest, MediaType,
};
use policy_host::atomic::{self, WriteError};

use super::packed::Image;
use crate::archive::{self, ARTIFACT, BLOBS, LayoutFile};
use crate::blob::{Blob, canonical_json};
use crate::manifest::{self, ANNOTATION_FULL_NAME};
use crate::{SourceDate, digest};

/// Images of one name, one a platform, joined by an index.
#[derive(Debug)]
pub struct MultiPlatform {
    /// The index that registries have under the name.
    index: Blob,
    /// The index's descriptor with the name, as `index.json` lists it.
    root: Descriptor,
    /// The documents that are attached to the images.
    referrers: Vec<Descriptor>,
    /// All other blobs, by their path in a layout.
    blobs: BTreeMap<String, Vec<u8>>,
}

impl MultiPlatform {
    /// Reads images from OCI image layouts and joins them.
    ///
    /// # Errors
    /// When a folder holds no such layout, or the images differ in their names, or are for the same
    /// platform.
    pub fn from_layouts(folders: &[PathBuf]) -> Result<Self, IndexError> {
        let parts = folders.iter().map(|folder| PlatformPart::read(folder.clone()));
        Self::join(parts.collect::<Result<_, _>>()?)
    }

    /// Joins images.
    ///
    /// # Errors
    /// When the images differ in their names, or are for the same platform.
    pub fn from_images(images: &[Image]) -> Result<Self, IndexError> {
        Self::join(images.iter().map(PlatformPart::from_image).collect())
    }

    fn join(mut parts: Vec<PlatformPart>) -> Result<Self, IndexError> {
        parts.sort_by(|one, other| one.platform.cmp(&other.platform));
        check(&parts)?;
        let images: Vec<_> = parts.iter().map(|part| part.image.clone()).collect();
        let index = Blob::json(MediaType::ImageIndex, &manifest::index(images)?)?;
        let mut root = index.descriptor.clone();
        let names = parts.first().into_iter().flat_map(|part| &part.names);
        let names = names.map(|(key, name)| ((*key).to_owned(), name.clone()));
        root.set_annotations(Some(names.collect::<HashMap<_, _>>()));
        Ok(Self {
            root,
            referrers: parts.iter().flat_map(|part| part.referrers.iter().cloned()).collect(),
            blobs: parts
                .into_iter()
                .flat_map(|part| part.blobs)
                .chain([(index.path(), index.bytes.clone())])
                .collect(),
            index,
        })
    }

    /// The digest that names the image of all platforms in a registry.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.index.digest()
    }

    /// The bytes that a registry stores, what the platforms share counted once.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blobs.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Writes an archive. Loaders that know only Docker's own archives, which have no index, find
    /// the image `docker` in it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_archive_file(
        &self,
        path: &Path,
        created: SourceDate,
        docker: Option<&Image>,
    ) -> Result<(), WriteError> {
        atomic::replace_file(path, ARTIFACT, |mut out| {
            // Loaders demand an `index.json` of one entry.
            let mut files = self.layout_files(vec![self.root.clone()])?;
            files.extend(
                docker.map(|image| {
                    ("manifest.json".to_owned(), Cow::Borrowed(&*image.docker_manifest))
                }),
            );
            archive::write(&mut out, created, &files)
        })
    }

    /// Writes an OCI image layout with the attached documents, in place of an empty folder or of
    /// another layout.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_layout_dir(&self, dir: &Path) -> Result<(), WriteError> {
        atomic::replace_folder(dir, ARTIFACT, |new| {
            let listed = [&self.root].into_iter().chain(&self.referrers).cloned().collect();
            archive::write_folder(new, &self.layout_files(listed)?)
        })
    }

    fn layout_files(&self, listed: Vec<Descriptor>) -> io::Result<Vec<LayoutFile<'_>>> {
        let blobs = self.blobs.iter().map(|(path, bytes)| (path.clone(), Cow::Borrowed(&**bytes)));
        let index = manifest::index(listed).and_then(|index| canonical_json(&index));
        Ok(blobs.chain(archive::layout_files(index.map_err(io::Error::other)?)).collect())
    }
}

/// The annotations with the short and the full name.
const NAMES: [&str; 2] = [ANNOTATION_REF_NAME, ANNOTATION_FULL_NAME];

/// Checks that parts, sorted by platform, are one image.
fn check(parts: &[PlatformPart]) -> Result<(), IndexError> {
    for pair in parts.windows(2) {
        let [one, other] = pair else { continue };
        let (first, second) = (one.place.clone(), other.place.clone());
        if one.platform == other.platform {
            return Err(IndexError::SamePlatform { first, second, platform: one.platform.clone() });
        }
        if one.names != other.names {
            let name = |part: &PlatformPart| {
                part.names.get(ANNOTATION_FULL_NAME).cloned().unwrap_or_default()
            };
            return Err(IndexError::Names {
                first,
                first_name: name(one),
                second,
                second_name: name(other),
            });
        }
    }
    Ok(())
}

/// The image of one platform.
#[derive(Debug)]
struct PlatformPart {
    /// The folder that it is in, or what else to call it by.
    place: PathBuf,
    image: Descriptor,
    /// The documents that are attached to the image.
    referrers: Vec<Descriptor>,
    /// The name by its short and its full spelling.
    names: BTreeMap<&'static str, String>,
    /// `os/architecture`, or `os/architecture/variant`.
    platform: String,
    /// By their place in a layout.
    blobs: BTreeMap<String, Vec<u8>>,
}

impl PlatformPart {
    fn from_image(image: &Image) -> Self {
        let annotations = image.root.annotations().iter().flatten();
        let names = annotations.filter_map(|(key, name)| {
            let key = NAMES.into_iter().find(|known| known == key)?;
            Some((key, name.clone()))
        });
        let mut root = image.root.clone();
        root.set_annotations(None);
        let referrers = image.referrers.iter();
        Self {
            place: image.platform().to_string().into(),
            image: root,
            referrers: referrers.map(|referrer| referrer.manifest.descriptor.clone()).collect(),
            names: names.collect(),
            platform: image.platform().to_string(),
            blobs: image.all_blobs().map(|blob| (blob.path(), blob.bytes.clone())).collect(),
        }
    }

    /// Reads a layout of one image.
    fn read(place: PathBuf) -> Result<Self, IndexError> {
        let file = |name: &str| fs_err::read(place.join(name));
        let wrong = |reason: String| IndexError::Layout { folder: place.clone(), reason };
        let file = |name: &str| file(name).map_err(|error| wrong(error.to_string()));
        file("oci-layout")?;
        let index = ImageIndex::from_reader(file("index.json")?.as_slice())
            .map_err(|error| wrong(format!("`index.json` is not an image index: {error}")))?;
        let (referrers, images): (Vec<_>, Vec<_>) =
            index.manifests().iter().cloned().partition(|entry| entry.artifact_type().is_some());
        let [image] = images.as_slice() else {
            let count = images.len();
            return Err(wrong(format!("it holds {count} images, expected one")));
        };
        let platform = image.platform().as_ref();
        let platform = platform.ok_or_else(|| wrong("its image has no platform".to_owned()))?;
        let platform = [
            Some(platform.os().to_string()),
            Some(platform.architecture().to_string()),
            platform.variant().clone(),
        ];
        let platform = platform.into_iter().flatten().collect::<Vec<_>>().join("/");
        let annotations = image.annotations().as_ref();
        let mut names = BTreeMap::new();
        for key in NAMES {
            let name = annotations.and_then(|all| all.get(key));
            let name = name.ok_or_else(|| wrong(format!("its image has no `{key}`")))?;
            names.insert(key, name.clone());
        }

        let blob = |descriptor: &Descriptor| {
            let path = format!("{BLOBS}/{}", descriptor.digest().digest());
            let bytes = file(&path)?;
            if digest::sha256(&bytes)? == *descriptor.digest() {
                return Ok((path, bytes));
            }
            Err(wrong(format!("`{path}` does not hold what it is named by")))
        };
        let mut blobs = BTreeMap::new();
        for descriptor in [image].into_iter().chain(&referrers) {
            let (path, bytes) = blob(descriptor)?;
            let manifest = ImageManifest::from_reader(bytes.as_slice())
                .map_err(|error| wrong(format!("its image is no image manifest: {error}")))?;
            blobs.insert(path, bytes);
            for descriptor in [manifest.config()].into_iter().chain(manifest.layers()) {
                blobs.extend([blob(descriptor)?]);
            }
        }
        let mut image = image.clone();
        image.set_annotations(None);
        Ok(Self { place, image, referrers, names, platform, blobs })
    }
}

/// A failure to join images.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants are")]
pub enum IndexError {
    #[error(
        "`{}` is not a layout of one image: {reason}; expected a folder with an OCI image layout",
        folder.display()
    )]
    Layout { folder: PathBuf, reason: String },
    #[error(
        "`{}` and `{}` are both for {platform}\nhelp: leave out one of them, or pack it for \
         another platform", first.display(), second.display()
    )]
    SamePlatform { first: PathBuf, second: PathBuf, platform: String },
    #[error(
        "`{}` holds `{first_name}` and `{}` holds `{second_name}`, expected one name for all \
         platforms\nhelp: pack them with the same `--repo` and `--tag`",
        first.display(), second.display()
    )]
    Names { first: PathBuf, first_name: String, second: PathBuf, second_name: String },
    #[error("failed to assemble the joined image: {0}")]
    Document(#[from] OciSpecError),
    #[error(transparent)]
    Destination(#[from] WriteError),
}

#[cfg(test)]
mod tests;
