//! The compression of the image's layers, in images of an engine of a few lines.

use std::fs;
use std::process;

use serde_json::{Value, json};

use crate::support::{Folder, OciRegistry, repository, run};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Makes an image as a layout, and returns what the report says of it.
fn image(folder: &Folder, layout: &str, options: &[&str]) -> Value {
    let mut command = folder.builder(&["image", "--engine", "source", "--work-dir", "work"]);
    command.args(["--no-vet", "--format", "json", "--oci-layout", layout]).args(options);
    let printed = command.assert().success().get_output().stdout.clone();
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    printed["image"].clone()
}

/// The document of this digest in a layout.
fn document(folder: &Folder, layout: &str, digest: &Value) -> Value {
    let path = format!("{layout}/blobs/{}", digest.as_str().unwrap().replace(':', "/"));
    serde_json::from_slice(&fs::read(folder.path().join(path)).unwrap()).unwrap()
}

#[test]
fn zstd_is_of_the_layers_alone_and_verified_like_gzip() {
    let folder = Folder::new().small_engine();
    let gzip = image(&folder, "gzip", &[]);
    let zstd = image(&folder, "zstd", &["--compression", "zstd"]);
    let types = |layout, image: &Value| {
        let manifest = document(&folder, layout, &image["digest"]);
        let layers = manifest["layers"].as_array().unwrap().iter();
        layers.map(|layer| layer["mediaType"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types("gzip", &gzip), vec![format!("{LAYER}+gzip"); 2]);
    assert_eq!(types("zstd", &zstd), vec![format!("{LAYER}+zstd"); 2]);
    // It has the digests of what the layers unpack to.
    assert_eq!(gzip["configDigest"], zstd["configDigest"]);
    assert!(zstd["size"].as_u64() < gzip["size"].as_u64(), "{gzip} {zstd}");

    let inspect = |layout| {
        let inspected = folder.builder(&["inspect", layout, "--provenance"]).assert().success();
        let statement: Value = serde_json::from_slice(&inspected.get_output().stdout).unwrap();
        statement["predicate"]["buildDefinition"]["externalParameters"]["compression"].clone()
    };
    assert_eq!([inspect("gzip"), inspect("zstd")], [json!("gzip"), json!("zstd")]);
    let differ = folder.builder(&["diff", "gzip", "zstd"]).assert().code(2);
    let differ = String::from_utf8(differ.get_output().stdout.clone()).unwrap();
    assert!(differ.contains("layers    gzip -> zstd\n"), "{differ}");
    assert!(!differ.contains("config"), "{differ}");
    let verify = ["verify", "zstd", "--engine", "source", "--work-dir", "work"];
    folder.builder(&verify).assert().success();
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_podman, has_skopeo)),
    ignore = "needs `docker-registry`, Podman and skopeo"
)]
fn zstd_layers_are_unpacked_by_skopeo_and_from_a_registry_by_podman() {
    // Longer than one frame.
    let folder = Folder::new();
    let registry = OciRegistry::start();
    let reported = folder.path().join("report.json");
    let mut image = repository().packed_again(&folder);
    image.args(["--compression", "zstd", "--oci-layout", "zstd", "--report"]).arg(&reported);
    image.assert().success();
    let reported: Value = serde_json::from_slice(&fs::read(reported).unwrap()).unwrap();
    let reported = &reported["image"];
    // By its tag: its documents are images as well.
    let in_folder = |kind: &str, name: &str| format!("{kind}:{}/{name}", folder.path().display());
    let (packed, plain) = (in_folder("oci", "zstd:latest"), in_folder("dir", "plain"));
    run("skopeo", &["copy", "--insecure-policy", "--dest-decompress", &packed, &plain]);
    let plain: Value =
        serde_json::from_slice(&fs::read(folder.path().join("plain/manifest.json")).unwrap())
            .unwrap();
    let unpacked = plain["layers"].as_array().unwrap().iter().map(|layer| &layer["digest"]);
    let config = document(&folder, "zstd", &reported["configDigest"]);
    let expected = config["rootfs"]["diff_ids"].as_array().unwrap().iter();
    assert!(unpacked.eq(expected), "{plain}");

    let name = format!("{}/zstd-{}:v1", registry.address(), process::id());
    folder.builder(&["push", "zstd", &name]).assert().success();
    run("podman", &["pull", "--tls-verify=false", &name]);
    let digest = run("podman", &["image", "inspect", "--format", "{{.Digest}}", &name]).stdout;
    run("podman", &["rmi", "--force", &name]);
    assert_eq!(String::from_utf8(digest).unwrap().trim(), reported["digest"].as_str().unwrap());
}
