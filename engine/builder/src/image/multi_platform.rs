use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use oci_spec::OciSpecError;
use oci_spec::image::{
    ANNOTATION_REF_NAME, Descriptor, Digest, ImageIndex, ImageIndexBuilder, ImageManifest,
    MediaType, SCHEMA_VERSION,
};

use super::archive::BLOBS;
use super::digest;
use super::documents::{ANNOTATION_FULL_NAME, Blob, OCI_LAYOUT, canonical_json};
use crate::destination::{self, DestinationError, Kind};

/// An OCI image layout that holds one image, of one platform.
#[derive(Debug)]
struct Layout {
    folder: PathBuf,
    image: Descriptor,
    /// What refers to the image.
    attached: Vec<Descriptor>,
    /// The name by its short and its full spelling.
    names: BTreeMap<&'static str, String>,
    /// As `os/architecture`, with the variant behind it where there is one.
    platform: String,
    blobs: Vec<Blob>,
}

/// Joins images of one name for several platforms, and gives the digest of the whole.
pub(crate) fn write_index(output: &Path, layouts: &[PathBuf]) -> Result<Digest, IndexError> {
    let mut read = Vec::new();
    for folder in layouts {
        read.push(Layout::read(folder)?);
    }
    read.sort_by(|one, other| one.platform.cmp(&other.platform));
    check(&read)?;

    let images: Vec<_> = read.iter().map(|it| it.image.clone()).collect();
    let index = Blob::json(MediaType::ImageIndex, &index_of(images)?)?;
    let mut whole = index.descriptor.clone();
    let names = read.first().into_iter().flat_map(|it| &it.names);
    let names = names.map(|(key, name)| ((*key).to_owned(), name.clone()));
    whole.set_annotations(Some(names.collect::<HashMap<_, _>>()));
    let attached = read.iter().flat_map(|it| it.attached.iter().cloned());
    let index_json = canonical_json(&index_of([whole].into_iter().chain(attached).collect())?)?;

    destination::replace_folder(output, Kind::Image, |new| {
        fs_err::create_dir_all(new.join(BLOBS))?;
        for blob in read.iter().flat_map(|it| &it.blobs).chain([&index]) {
            fs_err::write(new.join(blob.path()), &blob.bytes)?;
        }
        fs_err::write(new.join("index.json"), &index_json)?;
        fs_err::write(new.join("oci-layout"), OCI_LAYOUT)
    })?;
    Ok(index.digest().clone())
}

fn index_of(manifests: Vec<Descriptor>) -> Result<ImageIndex, OciSpecError> {
    ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build()
}

/// Checks that layouts, sorted by platform, are one image.
fn check(layouts: &[Layout]) -> Result<(), IndexError> {
    for pair in layouts.windows(2) {
        let [one, other] = pair else { continue };
        let (first, second) = (one.folder.clone(), other.folder.clone());
        if one.platform == other.platform {
            return Err(IndexError::SamePlatform { first, second, platform: one.platform.clone() });
        }
        if one.names != other.names {
            let name =
                |it: &Layout| it.names.get(ANNOTATION_FULL_NAME).cloned().unwrap_or_default();
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

impl Layout {
    fn read(folder: &Path) -> Result<Self, IndexError> {
        let wrong = |reason: String| IndexError::Layout { folder: folder.to_owned(), reason };
        let file = |name: &str| fs_err::read(folder.join(name)).map_err(|it| wrong(it.to_string()));
        file("oci-layout")?;
        let index = ImageIndex::from_reader(file("index.json")?.as_slice())
            .map_err(|error| wrong(format!("`index.json` is not an image index: {error}")))?;
        // What is attached to the image is listed with its type.
        let (attached, images): (Vec<_>, Vec<_>) =
            index.manifests().iter().partition(|it| it.artifact_type().is_some());
        let [image] = images.as_slice() else {
            return Err(wrong(format!("it holds {} images, expected one", images.len())));
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
            let mut blob = Blob { descriptor: descriptor.clone(), bytes: Vec::new() };
            blob.bytes = file(&blob.path())?;
            if digest::of(&blob.bytes)? == *blob.digest() {
                return Ok(blob);
            }
            Err(wrong(format!("`{}` does not hold what it is named by", blob.path())))
        };
        let mut blobs = Vec::new();
        for manifest in [image].into_iter().chain(&attached) {
            let manifest = blob(manifest)?;
            let parsed = ImageManifest::from_reader(manifest.bytes.as_slice())
                .map_err(|error| wrong(format!("its image is no image manifest: {error}")))?;
            blobs.extend([manifest, blob(parsed.config())?]);
            for layer in parsed.layers() {
                blobs.push(blob(layer)?);
            }
        }
        let mut image = (*image).clone();
        image.set_annotations(None);
        let attached = attached.into_iter().cloned().collect();
        Ok(Self { folder: folder.to_owned(), image, attached, names, platform, blobs })
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
    Destination(#[from] DestinationError),
}

#[cfg(test)]
mod tests {
    use std::fs;

    use oci_spec::image::Arch;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::super::pack::tests::contents;
    use super::super::{Contents, pack};
    use super::*;

    /// Layouts in a folder, each of an architecture and a tag.
    fn layouts(images: &[(Arch, &str)]) -> (TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let mut folders = Vec::new();
        for (place, (architecture, tag)) in images.iter().enumerate() {
            let folder = dir.path().join(place.to_string());
            let name = format!("example.com/engine:{tag}").parse().unwrap();
            let contents = Contents { architecture: architecture.clone(), name, ..contents() };
            pack(&contents).unwrap().write_layout_dir(&folder).unwrap();
            folders.push(folder);
        }
        (dir, folders)
    }

    fn json_in(path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn one_index_leads_to_the_images_of_all_platforms() {
        let (dir, folders) = layouts(&[(Arch::ARM64, "v1"), (Arch::Amd64, "v1")]);
        let output = dir.path().join("joined");
        let digest = write_index(&output, &folders).unwrap();
        let blob = output.join(BLOBS).join(digest.digest());
        let whole = fs::read(&blob).unwrap();
        assert_eq!(
            json_in(&output.join("index.json")),
            json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": [{
                    "mediaType": "application/vnd.oci.image.index.v1+json",
                    "digest": digest::of(&whole).unwrap().to_string(),
                    "size": whole.len(),
                    "annotations": {
                        "io.containerd.image.name": "example.com/engine:v1",
                        "org.opencontainers.image.ref.name": "v1",
                    },
                }],
            })
        );
        let image = |folder: &Path, architecture: &str| {
            let index = json_in(&folder.join("index.json"));
            let [digest, size] = ["digest", "size"].map(|key| index["manifests"][0][key].clone());
            json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": digest,
                "size": size,
                "platform": {"architecture": architecture, "os": "linux"},
            })
        };
        assert_eq!(
            json_in(&blob),
            json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": [image(&folders[1], "amd64"), image(&folders[0], "arm64")],
            })
        );
        for folder in &folders {
            for entry in fs::read_dir(folder.join(BLOBS)).unwrap() {
                let entry = entry.unwrap();
                let copy = output.join(BLOBS).join(entry.file_name());
                assert_eq!(fs::read(copy).unwrap(), fs::read(entry.path()).unwrap());
            }
        }
        assert_eq!(fs::read(output.join("oci-layout")).unwrap(), OCI_LAYOUT);

        let again = dir.path().join("again");
        let reversed: Vec<_> = folders.iter().rev().cloned().collect();
        assert_eq!(write_index(&again, &reversed).unwrap(), digest);
        assert_eq!(
            fs::read(again.join("index.json")).unwrap(),
            fs::read(output.join("index.json")).unwrap()
        );
    }

    /// Why these are not joined, their folders called `/0`, `/1` and so on.
    fn refused(dir: &TempDir, folders: &[PathBuf]) -> String {
        let output = dir.path().join("joined");
        let error = write_index(&output, folders).unwrap_err();
        assert!(!output.exists());
        error.to_string().replace(&dir.path().display().to_string(), "")
    }

    #[test]
    fn images_that_are_not_one_are_refused() {
        let (dir, folders) = layouts(&[(Arch::Amd64, "v1"), (Arch::Amd64, "v1")]);
        assert_eq!(
            refused(&dir, &folders),
            "`/0` and `/1` are both for linux/amd64: leave out one of them, or pack it for another \
             platform"
        );
        let (dir, folders) = layouts(&[(Arch::Amd64, "v1"), (Arch::ARM64, "v2")]);
        assert_eq!(
            refused(&dir, &folders),
            "`/0` holds `example.com/engine:v1` and `/1` holds `example.com/engine:v2`, expected \
             one name for all platforms: pack them with the same `--repo` and `--tag`"
        );
    }

    #[test]
    fn what_is_no_layout_is_refused() {
        let (dir, folders) = layouts(&[(Arch::Amd64, "v1")]);
        let [folder] = folders.as_slice() else { panic!() };
        let refused = || {
            let refused = refused(&dir, &folders);
            let reason = refused.strip_prefix("`/0` is not a layout of one image: ").unwrap();
            let end = "; expected a folder as `--oci-layout` of `policy-builder image` or `pack` \
                       writes it";
            reason.strip_suffix(end).unwrap().to_owned()
        };
        let index = fs::read_to_string(folder.join("index.json")).unwrap();
        let with = |from: &str, to: &str| {
            assert!(index.contains(from));
            fs::write(folder.join("index.json"), index.replace(from, to)).unwrap();
        };
        with("\"platform\"", "\"form\"");
        assert_eq!(refused(), "its image has no platform");
        with("io.containerd.image.name", "name");
        assert_eq!(refused(), "its image has no `io.containerd.image.name`");
        with("\"manifests\":[", "\"manifests\":[],\"others\":[");
        assert_eq!(refused(), "it holds 0 images, expected one");
        with("{", "");
        assert!(refused().starts_with("`index.json` is not an image index: "));
        with("{", "{");
        let blob = fs::read_dir(folder.join(BLOBS)).unwrap().next().unwrap().unwrap();
        let name = format!("{BLOBS}/{}", blob.file_name().display());
        fs::write(blob.path(), "changed").unwrap();
        assert_eq!(refused(), format!("`{name}` does not hold what it is named by"));
        fs::remove_file(folder.join("oci-layout")).unwrap();
        assert_eq!(
            refused(),
            "failed to open file `/0/oci-layout`: No such file or directory (os error 2)"
        );
    }
}
