use std::fs::File;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::push;
use crate::support::{Folder, Loaded, OciRegistry, digest, run};

/// Writes an image as dockerTools does: plain layers, the documents last, the whole packed.
fn write(folder: &Folder, name: &str) {
    // A tar archive without members.
    let layer = [0; 1024];
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00+00:00",
        "config": {"Cmd": ["serve"], "Labels": {"org.opencontainers.image.revision": "c0ffee"}},
        "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
    });
    let config = config.to_string();
    let config_name = format!("{}.json", digest(config.as_bytes()).replace("sha256:", ""));
    let manifest = json!([{"Config": config_name, "Layers": ["l/layer.tar"], "RepoTags": [name]}]);
    let file = File::create(folder.path().join("image.tar.gz")).unwrap();
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    for (name, bytes) in [
        ("l/layer.tar", layer.as_slice()),
        (&config_name, config.as_bytes()),
        ("manifest.json", manifest.to_string().as_bytes()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap().flush().unwrap();
}

fn inspected(folder: &Folder, image: &str) -> Value {
    let inspect = folder.builder(&["inspect", image, "--format", "json"]).assert().success();
    serde_json::from_slice(&inspect.get_output().stdout).unwrap()
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_skopeo)),
    ignore = "needs `docker-registry` and skopeo"
)]
fn docker_archive_keeps_its_digest_on_the_way_through_a_registry() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let name = format!("{}/team:v1", registry.address());
    write(&folder, &name);
    let image = inspected(&folder, "image.tar.gz");
    assert_eq!(image["name"], name.as_str());
    assert_eq!(image["platforms"][0]["revision"], "c0ffee");
    assert_eq!(image["platforms"][0]["sbom"], false);

    let pushed = push(&folder, &["image.tar.gz"]).assert().success();
    let digest = image["digest"].as_str().unwrap();
    let expected = format!("{}/team@{digest}\n", registry.address());
    assert_eq!(String::from_utf8_lossy(&pushed.get_output().stdout), expected);
    let back = folder.path().join("back.tar");
    let archive = format!("docker-archive:{}:{name}", back.display());
    run("skopeo", &["copy", "--src-tls-verify=false", &format!("docker://{name}"), &archive]);
    assert_eq!(inspected(&folder, "back.tar")["digest"], digest);
    folder.builder(&["diff", "image.tar.gz", "back.tar"]).assert().success().stdout("");
}

#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn saved_image_of_docker_is_read() {
    let folder = Folder::new();
    let name = format!("policy-tests-saved:{}", std::process::id());
    write(&folder, &name);
    let _loaded = Loaded::load("docker", &folder.path().join("image.tar.gz"), &name);
    let saved = folder.path().join("saved.tar");
    run("docker", &["save", "--output", saved.to_str().unwrap(), &name]);
    let image = inspected(&folder, "saved.tar");
    assert_eq!(image["platforms"][0]["platform"], "linux/amd64");
    assert_eq!(image["platforms"][0]["revision"], "c0ffee");
}
