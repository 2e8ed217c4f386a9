//! `push`, to a real registry on this machine.

mod credentials;
mod docker_archive;
mod layout;
mod network;
mod redirects;
mod referrers;
mod signatures;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{Folder, HttpResponse, OciRegistry, digest, run, sentence};
use layout::Layout;

/// `push` with these arguments, without any login.
fn push(folder: &Folder, arguments: &[&str]) -> Command {
    let mut push = builder_without_login(folder);
    push.arg("push").args(arguments);
    push
}

/// The builder, without any login.
fn builder_without_login(folder: &Folder) -> Command {
    let mut push = folder.builder(&[]);
    let inside = |path| folder.path().join(path);
    push.env("DOCKER_CONFIG", inside("docker")).env("HOME", inside("home"));
    push.env("XDG_RUNTIME_DIR", inside("session"));
    let set = ["REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"];
    let proxies = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy"];
    for name in set.iter().chain(&proxies).chain(&["http_proxy"]) {
        push.env_remove(name);
    }
    push
}

/// The standard output and error of a successful `push`.
fn pushed(push: &mut Command) -> (String, String) {
    let output = push.assert().success().get_output().clone();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// The kinds of changes in order: blob, manifest by digest, tag.
fn kinds(changes: &[String]) -> String {
    let kind = |change: &String| match change.split(' ').collect::<Vec<_>>()[..] {
        [_, path] if path.starts_with("blobs/") => 'b',
        [_, path] if path.starts_with("manifests/sha256:") => 'm',
        _ => 't',
    };
    let mut kinds: Vec<_> = changes.iter().map(kind).collect();
    kinds.dedup();
    kinds.into_iter().collect()
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn image_is_pushed_by_digest_before_its_tags() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 200_000);
    let repository = format!("{}/team/engine", registry.address());
    let (first, second) = (format!("{repository}:v1"), format!("{repository}:latest"));
    let (printed, said) = pushed(&mut push(&folder, &["image", &first, &second]));
    assert_eq!(printed, format!("{repository}@{}\n", image.digest(0)));
    assert!(said.contains(": 200000 bytes\n"), "{said}");

    assert_eq!(registry.tags("team/engine"), ["latest", "v1"]);
    let changes = registry.changes("team/engine");
    assert_eq!(kinds(&changes), "bmt", "{changes:?}");
    let manifests =
        [&image.digest(0), "v1", "latest"].map(|manifest| format!("PUT manifests/{manifest}"));
    assert!(changes.ends_with(&manifests), "{changes:?}");
}

#[test]
#[cfg_attr(
    not(all(has_skopeo, has_docker_registry)),
    ignore = "needs skopeo and `docker-registry`"
)]
fn skopeo_copies_a_pushed_image() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 1000);
    let reference = format!("{}/engine:v1", registry.address());
    pushed(&mut push(&folder, &["image", &reference]));
    let copied = folder.path().join("copied");
    let (from, to) = (format!("docker://{reference}"), format!("dir:{}", copied.display()));
    run("skopeo", &["copy", "--quiet", "--src-tls-verify=false", &from, &to]);
    let manifest = std::fs::read(copied.join("manifest.json")).unwrap();
    assert_eq!(digest(&manifest), image.digest(0));
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn existing_blobs_are_not_uploaded() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 100_000);
    image.archived(&folder.path().join("image.tar"));
    let reference = format!("{}/engine:v1", registry.address());
    let document = |image: &str| -> Value {
        let (printed, _) = pushed(&mut push(&folder, &[image, &reference, "--format", "json"]));
        serde_json::from_str(&printed).unwrap()
    };
    let first = document("image.tar");
    let pushed = json!([{
        "reference": format!("{}/engine@{}", registry.address(), image.digest(0)),
        "tags": ["v1"],
    }]);
    assert_eq!((&first["digest"], &first["pushed"]), (&image.digest(0).into(), &pushed));
    assert_eq!((&first["blobs"]["uploaded"], &first["blobs"]["skipped"]), (&json!(2), &json!(0)));
    assert!(first["blobs"]["bytes"].as_u64().unwrap() > 100_000);

    let uploads =
        || registry.changes("engine").iter().filter(|change| change.contains("blobs/")).count();
    let before = uploads();
    let mut again = document("image");
    assert_eq!(again["blobs"].take(), json!({"uploaded": 0, "skipped": 2, "bytes": 0}));
    assert_eq!(again["pushed"], pushed);
    assert_eq!(uploads(), before);
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn images_of_an_index_are_pushed_before_it() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let images = ["amd64", "arm64"]
        .map(|architecture| Layout::new(&folder, architecture, architecture, 1000).digest(0));
    folder.builder(&["index", "--output", "joined", "amd64", "arm64"]).assert().success();
    let (one, two) =
        (format!("{}/one:v1", registry.address()), format!("{}/two:v1", registry.address()));
    let (printed, _) = pushed(&mut push(&folder, &["joined", &one, &two]));
    let lines: Vec<_> = printed.lines().collect();
    let (_, whole) = lines[0].split_once('@').unwrap();
    let by_digest = |name| format!("{}/{name}@{whole}", registry.address());
    assert_eq!(lines, [by_digest("one"), by_digest("two")]);

    for name in ["one", "two"] {
        let changes = registry.changes(name);
        let expected = [&images[0], &images[1], whole, "v1"];
        let expected = expected.map(|manifest| format!("PUT manifests/{manifest}"));
        assert!(changes.ends_with(&expected), "{changes:?}");
        assert_eq!(digest(&manifest(&registry, name, "v1").body), whole);
    }
}

/// A manifest or an index in a registry, as it is.
fn manifest(registry: &OciRegistry, repository: &str, reference: &str) -> HttpResponse {
    let types = "application/vnd.oci.image.index.v1+json, \
                 application/vnd.oci.image.manifest.v1+json";
    let path = format!("/v2/{repository}/manifests/{reference}");
    registry.http().send("GET", &path, &[("accept", types)], Vec::new())
}

/// The referrers of an image, from its referrers tag.
fn referrers(registry: &OciRegistry, subject: &str) -> Vec<String> {
    let index = manifest(registry, "engine", &subject.replace(':', "-")).json();
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    let referrers = index["manifests"].as_array().unwrap().iter();
    referrers
        .map(|entry| {
            assert_eq!(entry["artifactType"], "application/spdx+json");
            entry["digest"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn referrers_are_added_to_existing_ones() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let reference = format!("{}/engine:v1", registry.address());
    let one = Layout::new(&folder, "one", "amd64", 1000).with_referrer("one");
    let two = Layout::new(&folder, "two", "amd64", 1000).with_referrer("two");
    assert_eq!(one.digest(0), two.digest(0));
    pushed(&mut push(&folder, &["one", &reference]));
    assert_eq!(referrers(&registry, &one.digest(0)), [one.digest(1)]);
    for _ in 0..2 {
        pushed(&mut push(&folder, &["two", &reference]));
        assert_eq!(referrers(&registry, &one.digest(0)), [one.digest(1), two.digest(1)]);
    }
    let changes = registry.changes("engine");
    assert_eq!(changes.last().unwrap(), "PUT manifests/v1", "{changes:?}");
    let found = manifest(&registry, "engine", &two.digest(1)).json();
    assert_eq!(found["subject"]["digest"], two.digest(0));
}

#[test]
fn invalid_push_fails_before_any_request() {
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    let refused = |arguments: &[&str]| sentence(&folder.fails_as(&mut push(&folder, arguments)));
    assert_eq!(
        refused(&["image"]),
        "the image is called `engine:v1`, which names no registry\nhelp: name the destination, \
         such as `registry.example.com/engine:v1`"
    );
    assert_eq!(
        refused(&["registry.example.com/engine:v1"]),
        "there is no file or folder `registry.example.com/engine:v1`\nhelp: if that is the \
         destination, name the image first, as in `policy-builder push policy-engine.tar \
         registry.example.com/engine:v1`"
    );
    assert_eq!(
        refused(&[]),
        "there is no `policy-engine.tar` here\nhelp: build it with `policy-builder image`, or \
         name the image to push"
    );
    assert_eq!(
        refused(&["image", "https://registry.example.com/engine"]),
        "failed to parse the image name `https://registry.example.com/engine`: found the \
         registry `https:`, expected a host with an optional port, such as \
         `registry.example.com:5000`"
    );
    std::fs::write(folder.path().join("image/index.json"), "{}").unwrap();
    assert!(
        refused(&["image", "registry.example.com/engine"]).starts_with(
            "failed to read the image `image`: its `index.json` is not an image index: "
        )
    );
}
