use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::ImageSpec;
use super::super::packed::tests::{pack, spec};
use super::*;
use crate::archive::OCI_LAYOUT;

fn image(platform: &str, tag: &str) -> Image {
    let name = format!("example.com/engine:{tag}").parse().unwrap();
    pack(ImageSpec { platform: platform.parse().unwrap(), name, ..spec() }, platform.as_bytes())
}

/// Layouts in a folder, each of a platform and a tag.
fn layouts(images: &[(&str, &str)]) -> (TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    for (place, (platform, tag)) in images.iter().enumerate() {
        let folder = dir.path().join(place.to_string());
        image(platform, tag).write_layout_dir(&folder).unwrap();
        folders.push(folder);
    }
    (dir, folders)
}

fn write_index(output: &Path, folders: &[PathBuf]) -> Result<Digest, IndexError> {
    let whole = MultiPlatform::from_layouts(folders)?;
    whole.write_layout_dir(output)?;
    Ok(whole.digest().clone())
}

fn json_in(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn index_lists_the_images_of_all_platforms() {
    let (dir, folders) = layouts(&[("linux/arm64", "v1"), ("linux/amd64", "v1")]);
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
                "digest": digest::sha256(&whole).unwrap().to_string(),
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

#[test]
fn images_in_memory_give_the_same_index_as_their_layouts() {
    let (dir, folders) = layouts(&[("linux/amd64", "v1"), ("linux/arm64", "v1")]);
    let output = dir.path().join("joined");
    write_index(&output, &folders).unwrap();
    let images = ["linux/arm64", "linux/amd64"].map(|platform| image(platform, "v1"));
    let whole = MultiPlatform::from_images(&images).unwrap();
    let archive = dir.path().join("joined.tar");
    whole.write_archive_file(&archive, spec().created, Some(&images[1])).unwrap();
    let unpacked = dir.path().join("unpacked");
    tar::Archive::new(fs::File::open(&archive).unwrap()).unpack(&unpacked).unwrap();

    assert_eq!(json_in(&unpacked.join("index.json")), json_in(&output.join("index.json")));
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder.join(BLOBS)).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names(&unpacked), names(&output));
    // The base layer is the same for both.
    assert_eq!(names(&output).len(), 9 - 1);
    // For loaders that know no index, one of the images.
    assert_eq!(fs::read(unpacked.join("manifest.json")).unwrap(), images[1].docker_manifest);
    let size = names(&output)
        .into_iter()
        .map(|name| fs::metadata(output.join(BLOBS).join(name)).unwrap().len());
    assert_eq!(whole.size(), size.sum::<u64>());
}

/// The error of joining these folders, which are called `/0`, `/1` and so on.
fn refused(dir: &TempDir, folders: &[PathBuf]) -> String {
    let output = dir.path().join("joined");
    let error = write_index(&output, folders).unwrap_err();
    assert!(!output.exists());
    error.to_string().replace(&dir.path().display().to_string(), "")
}

#[test]
fn duplicate_platform_or_differing_names_are_refused() {
    let (dir, folders) = layouts(&[("linux/amd64", "v1"), ("linux/amd64", "v1")]);
    assert_eq!(
        refused(&dir, &folders),
        "`/0` and `/1` are both for linux/amd64\nhelp: leave out one of them, or pack it for \
         another platform"
    );
    let (dir, folders) = layouts(&[("linux/amd64", "v1"), ("linux/arm64", "v2")]);
    assert_eq!(
        refused(&dir, &folders),
        "`/0` holds `example.com/engine:v1` and `/1` holds `example.com/engine:v2`, expected one \
         name for all platforms\nhelp: pack them with the same `--repo` and `--tag`"
    );
}

#[test]
fn folder_without_a_layout_is_refused() {
    let (dir, folders) = layouts(&[("linux/amd64", "v1")]);
    let [folder] = folders.as_slice() else { panic!() };
    let refused = || {
        let refused = refused(&dir, &folders);
        let reason = refused.strip_prefix("`/0` is not a layout of one image: ").unwrap();
        let end = "; expected a folder with an OCI image layout";
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
