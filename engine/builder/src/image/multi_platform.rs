use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, Digest, ImageIndex, ImageIndexBuilder, ImageManifest,
    MediaType, SCHEMA_VERSION,
};

use super::archive::{self, BLOBS};
use super::documents::{ANNOTATION_FULL_NAME, Blob, OCI_LAYOUT, canonical_json};
use super::{Image, SourceDate, digest};
use crate::artifacts;
use policy_host::atomic::{self, WriteError};

/// Images of one name, one a platform, joined by an index.
#[derive(Debug)]
pub(crate) struct MultiPlatform {
    /// The index that registries have under the name.
    index: Blob,
    /// `index.json` of an archive: loaders demand that it names nothing but the index.
    archive_index: Vec<u8>,
    /// `index.json` of a layout, where others look for what is attached to the images.
    layout_index: Vec<u8>,
    /// Everything else, by its place in a layout.
    blobs: BTreeMap<String, Vec<u8>>,
}

impl MultiPlatform {
    /// Joins what was written as OCI image layouts.
    pub(crate) fn of_layouts(folders: &[PathBuf]) -> Result<Self, IndexError> {
        let read = |folder: &PathBuf| {
            let file = |name: &str| fs_err::read(folder.join(name));
            Part::read(folder.clone(), file)
        };
        Self::join(folders.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Joins images that were packed here.
    pub(crate) fn of_images(images: &[Image]) -> Result<Self, IndexError> {
        let read = |image: &Image| {
            let files: HashMap<_, _> = image.layout(&image.layout_index).into_iter().collect();
            let missing = || io::Error::from(io::ErrorKind::NotFound);
            let file = |name: &str| files.get(name).map(|it| it.to_vec()).ok_or_else(missing);
            Part::read(image.platform().to_string().into(), file)
        };
        Self::join(images.iter().map(read).collect::<Result<_, _>>()?)
    }

    fn join(mut parts: Vec<Part>) -> Result<Self, IndexError> {
        parts.sort_by(|one, other| one.platform.cmp(&other.platform));
        check(&parts)?;
        let images: Vec<_> = parts.iter().map(|it| it.image.clone()).collect();
        let index = Blob::json(MediaType::ImageIndex, &index_of(images)?)?;
        let mut whole = index.descriptor.clone();
        let names = parts.first().into_iter().flat_map(|it| &it.names);
        let names = names.map(|(key, name)| ((*key).to_owned(), name.clone()));
        whole.set_annotations(Some(names.collect::<HashMap<_, _>>()));
        let attached = parts.iter().flat_map(|it| it.attached.iter().cloned());
        let listed = [whole.clone()].into_iter().chain(attached).collect();
        Ok(Self {
            archive_index: canonical_json(&index_of(vec![whole])?)?,
            layout_index: canonical_json(&index_of(listed)?)?,
            blobs: parts
                .into_iter()
                .flat_map(|it| it.blobs)
                .chain([(index.path(), index.bytes.clone())])
                .collect(),
            index,
        })
    }

    /// The digest that names the image of all platforms in a registry.
    pub(crate) fn digest(&self) -> &Digest {
        self.index.digest()
    }

    /// The bytes that a registry stores, what the platforms share counted once.
    pub(crate) fn size(&self) -> u64 {
        self.blobs.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Writes an archive. Loaders that know Docker's own archives only, which have no index, find
    /// one of its images in it: `docker`.
    pub(crate) fn write_archive_file(
        &self,
        path: &Path,
        created: SourceDate,
        docker: Option<&Image>,
    ) -> Result<(), WriteError> {
        let mut files = self.layout(&self.archive_index);
        let docker = docker.map(|it| it.docker_manifest.as_slice());
        files.extend(docker.map(|bytes| ("manifest.json".to_owned(), bytes)));
        atomic::replace_file(path, artifacts::IMAGE, |mut file| {
            archive::write_files(&mut file, created, &files)
        })
    }

    /// Writes a folder, in place of an empty one or of another image's.
    pub(crate) fn write_layout_dir(&self, dir: &Path) -> Result<(), WriteError> {
        atomic::replace_folder(dir, artifacts::IMAGE, |new| {
            fs_err::create_dir_all(new.join(BLOBS))?;
            let files = self.layout(&self.layout_index);
            files.iter().try_for_each(|(path, bytes)| fs_err::write(new.join(path), bytes))
        })
    }

    fn layout<'a>(&'a self, index: &'a [u8]) -> Vec<(String, &'a [u8])> {
        let blobs = self.blobs.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice()));
        let named = [("index.json", index), ("oci-layout", OCI_LAYOUT)];
        blobs.chain(named.map(|(path, bytes)| (path.to_owned(), bytes))).collect()
    }
}

fn index_of(manifests: Vec<Descriptor>) -> Result<ImageIndex, OciSpecError> {
    ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()
}

/// Checks that parts, sorted by platform, are one image.
fn check(parts: &[Part]) -> Result<(), IndexError> {
    for pair in parts.windows(2) {
        let [one, other] = pair else { continue };
        let (first, second) = (one.place.clone(), other.place.clone());
        if one.platform == other.platform {
            return Err(IndexError::SamePlatform { first, second, platform: one.platform.clone() });
        }
        if one.names != other.names {
            let name = |it: &Part| it.names.get(ANNOTATION_FULL_NAME).cloned().unwrap_or_default();
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

/// An OCI image layout that holds one image, of one platform.
#[derive(Debug)]
struct Part {
    /// The folder that it is in, or what else to call it by.
    place: PathBuf,
    image: Descriptor,
    /// What refers to the image.
    attached: Vec<Descriptor>,
    /// The name by its short and its full spelling.
    names: BTreeMap<&'static str, String>,
    /// As `os/architecture`, with the variant behind it where there is one.
    platform: String,
    /// By their place in a layout.
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Part {
    /// Reads a layout, whose files `file` gives by their names.
    fn read(
        place: PathBuf,
        file: impl Fn(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, IndexError> {
        let wrong = |reason: String| IndexError::Layout { folder: place.clone(), reason };
        let file = |name: &str| file(name).map_err(|it| wrong(it.to_string()));
        file("oci-layout")?;
        let index = ImageIndex::from_reader(file("index.json")?.as_slice())
            .map_err(|error| wrong(format!("`index.json` is not an image index: {error}")))?;
        let (attached, images): (Vec<_>, Vec<_>) =
            index.manifests().iter().cloned().partition(|it| it.artifact_type().is_some());
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
        for key in [ANNOTATION_REF_NAME, ANNOTATION_FULL_NAME] {
            let name = annotations.and_then(|all| all.get(key));
            let name = name.ok_or_else(|| wrong(format!("its image has no `{key}`")))?;
            names.insert(key, name.clone());
        }

        let blob = |descriptor: &Descriptor| {
            let path = format!("{BLOBS}/{}", descriptor.digest().digest());
            let bytes = file(&path)?;
            if digest::of(&bytes)? == *descriptor.digest() {
                return Ok((path, bytes));
            }
            Err(wrong(format!("`{path}` does not hold what it is named by")))
        };
        let mut blobs = BTreeMap::new();
        for descriptor in [image].into_iter().chain(&attached) {
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
        Ok(Self { place, image, attached, names, platform, blobs })
    }
}

/// Why images are not joined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    #[error(
        "`{}` is not a layout of one image: {reason}; expected a folder as `--oci-layout` of \
         `policy-builder image` or `pack` writes it", folder.display()
    )]
    Layout { folder: PathBuf, reason: String },
    #[error(
        "`{}` and `{}` are both for {platform}: leave out one of them, or pack it for another \
         platform", first.display(), second.display()
    )]
    SamePlatform { first: PathBuf, second: PathBuf, platform: String },
    #[error(
        "`{}` holds `{first_name}` and `{}` holds `{second_name}`, expected one name for all \
         platforms: pack them with the same `--repo` and `--tag`",
        first.display(), second.display()
    )]
    Names { first: PathBuf, first_name: String, second: PathBuf, second_name: String },
    #[error("put the joined image together: {0}")]
    Document(#[from] OciSpecError),
    #[error(transparent)]
    Destination(#[from] WriteError),
}

#[cfg(test)]
mod tests;
