use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::open;
use super::super::registry::RegistryOptions;
use super::*;
use crate::image::Image;
use crate::image::tests::with_documents;

/// The sample as an archive and as a folder.
fn kept() -> (TempDir, Image, [PathBuf; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let image = with_documents();
    let [archive, layout] = ["image.tar", "layout"].map(|name| folder.path().join(name));
    image.write_archive_file(&archive).unwrap();
    image.write_layout_dir(&layout).unwrap();
    (folder, image, [archive, layout])
}

fn refused(path: &Path) -> String {
    match open(path.to_str().unwrap(), RegistryOptions::default()) {
        Ok(_) => panic!("`{}` is taken for an image", path.display()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn archive_and_folder_return_the_written_blobs() {
    let (_folder, image, kept) = kept();
    for path in kept {
        let store = open(path.to_str().unwrap(), RegistryOptions::default()).unwrap();
        let root = store.root().unwrap();
        assert_eq!(root.digest(), image.manifest_digest());
        assert_eq!(store.read(&root).unwrap(), Store::read(&image, &root).unwrap());
        let mut expected = image.referrers(root.digest()).unwrap();
        expected.sort_by_key(|referrer| referrer.digest().to_string());
        assert_eq!(store.referrers(root.digest()).unwrap(), expected);
        for referrer in expected {
            assert_eq!(store.read(&referrer).unwrap(), Store::read(&image, &referrer).unwrap());
            assert_eq!(store.referrers(referrer.digest()).unwrap(), []);
        }
    }
}

#[test]
fn blob_that_differs_from_its_digest_is_refused() {
    let (_folder, image, [_, layout]) = kept();
    let store = open(layout.to_str().unwrap(), RegistryOptions::default()).unwrap();
    let root = store.root().unwrap();
    let digest = image.manifest_digest();
    let blob = layout.join(BLOBS).join(digest.digest());
    let bytes = fs::read(&blob).unwrap();
    let refused = || store.read(&root).unwrap_err().to_string();

    let changed = bytes.iter().map(|byte| byte ^ 1).collect::<Vec<_>>();
    fs::write(&blob, &changed).unwrap();
    let found = digest::sha256(&changed).unwrap();
    assert_eq!(
        refused(),
        format!(
            "`{digest}` of the image does not hold what it is named by, but `{found}`: the image \
             is damaged"
        )
    );
    fs::write(&blob, &bytes[1..]).unwrap();
    assert_eq!(
        refused(),
        format!(
            "`{digest}` of the image has {} bytes, expected {}: the image is damaged",
            bytes.len() - 1,
            bytes.len()
        )
    );
    fs::remove_file(&blob).unwrap();
    assert_eq!(refused(), format!("`{digest}` of the image is not there"));
}

#[test]
fn digest_that_contains_a_path_is_refused() {
    let (_folder, _, [_, layout]) = kept();
    let index = fs::read_to_string(layout.join("index.json")).unwrap();
    for digest in ["sha256:../../../../etc/passwd", "sha512:../../../etc/passwd", "../etc"] {
        let mut hostile: Value = serde_json::from_str(&index).unwrap();
        hostile["manifests"][0]["digest"] = json!(digest);
        fs::write(layout.join("index.json"), hostile.to_string()).unwrap();
        let opened = open(layout.to_str().unwrap(), RegistryOptions::default());
        let read = opened.and_then(|store| store.root().and_then(|root| store.read(&root)));
        let error = read.unwrap_err().to_string();
        assert!(
            error.starts_with("its `index.json` is not an image index: ")
                || error.ends_with("is named by something else than SHA-256"),
            "{error}"
        );
    }
}

#[test]
fn truncated_archive_is_refused() {
    let (_folder, image, [archive, _]) = kept();
    let whole = fs::read(&archive).unwrap();
    for length in (0..whole.len()).step_by(509) {
        fs::write(&archive, &whole[..length]).unwrap();
        // What is behind the last member may be missing, and nothing else.
        let read = open(archive.to_str().unwrap(), RegistryOptions::default()).and_then(|store| {
            let root = store.root()?;
            store.read(&root)?;
            Ok(store.referrers(root.digest())?.len())
        });
        if let Ok(count) = read {
            let end = whole.len() - 1024 - length.min(whole.len() - 1024);
            assert_eq!((count, end / 512), (2, 0), "of {length} bytes of {}", whole.len());
        }
    }
    let layer = format!("{BLOBS}/{}", image.layers()[0].digest().digest());
    let header = whole.windows(layer.len()).position(|window| window == layer.as_bytes()).unwrap();
    fs::write(&archive, &whole[..=header + 512]).unwrap();
    assert_eq!(
        refused(&archive),
        format!(
            "it ends in the middle of `{layer}`: it was not written or copied to its end; \
             expected an OCI image layout (a folder or an archive) or a Docker archive"
        )
    );
}

#[test]
fn error_names_the_kind_of_a_file_that_is_no_image() {
    let (folder, _, [archive, layout]) = kept();
    let end = "; expected an OCI image layout (a folder or an archive) or a Docker archive";
    let reason = |path: &Path| refused(path).replace(end, "");
    assert_eq!(reason(folder.path()), "it has no `oci-layout`");
    assert_eq!(reason(Path::new("/dev/null")), "it is neither a file nor a folder");

    fs::write(&archive, b"\x1f\x8b and so on").unwrap();
    assert!(reason(&archive).starts_with("it is not a tar archive: "));
    fs::write(&archive, "no archive").unwrap();
    assert_eq!(reason(&archive), "it is not a tar archive: failed to read entire block");
    let mut docker = tar::Builder::new(fs::File::create(&archive).unwrap());
    let mut header = tar::Header::new_ustar();
    header.set_size(2);
    docker.append_data(&mut header, "manifest.json", b"[]".as_slice()).unwrap();
    docker.finish().unwrap();
    assert_eq!(reason(&archive), "it holds no image, expected one image");

    let mut index: Value =
        serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let image = index["manifests"][0].clone();
    index["manifests"].as_array_mut().unwrap().push(image);
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    assert_eq!(reason(&layout), "it holds 2 images (`v1`, `v1`), expected one image");
    fs::write(layout.join("index.json"), " ".repeat(5 << 20)).unwrap();
    assert_eq!(reason(&layout), "its `index.json` has 5242880 bytes, expected at most 4194304");
    fs::write(layout.join("index.json"), "{}").unwrap();
    assert!(reason(&layout).starts_with("its `index.json` is not an image index: "));
    fs::remove_file(layout.join("index.json")).unwrap();
    assert_eq!(reason(&layout), "it has no `index.json`");
}

#[test]
fn text_that_looks_like_a_path_is_opened_as_one() {
    for missing in ["./nothing", "/no/thing", "../nothing", "policy-engine.tar"] {
        assert!(refused(Path::new(missing)).contains("No such file"), "{missing}");
    }
    // What is no path is a reference, and nobody is asked before something is read.
    assert!(open("example.com/engine:v1", RegistryOptions::default()).is_ok());
    let said = refused(Path::new("example.com/Engine:v1"));
    assert!(said.contains("`example.com/Engine:v1`"), "{said}");
}

#[test]
fn archive_with_a_different_docker_image_is_refused() {
    let (_folder, _, [archive, layout]) = kept();
    let whole = fs::read(&archive).unwrap();
    for entry in tar::Archive::new(whole.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap() == Path::new("manifest.json") {
            let mut docker: Value = serde_json::from_reader(&mut entry).unwrap();
            let write = |docker: &Value| {
                fs::write(layout.join("manifest.json"), docker.to_string()).unwrap();
            };
            write(&docker);
            assert!(open(layout.to_str().unwrap(), RegistryOptions::default()).is_ok());
            docker[0]["Layers"][1] = json!("blobs/sha256/0000");
            write(&docker);
        }
    }
    assert!(
        refused(&layout)
            .starts_with("its `manifest.json`, which Docker reads, names another image than its ")
    );
}
