use std::process;

use serde_json::Value;

use crate::support::{Folder, Loaded, repository, run};

const BAD: &str = "kind: Pod\nspec: {hostNetwork: true}\n";

/// The repository's image in a container engine, under a unique name.
fn loaded(engine: &'static str) -> (Loaded, String) {
    let folder = Folder::new();
    let tag = process::id().to_string();
    let names = ["--repo", "policy-tests", "--tag", &tag];
    repository().packed_again(&folder).args(names).assert().success();
    let name = format!("policy-tests:{tag}");
    (Loaded::load(engine, &folder.path().join("policy-engine.tar"), &name), name)
}

#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn docker_loads_and_runs_the_image() {
    let (image, name) = loaded("docker");
    assert_eq!(image.said, format!("Loaded image: {name}"));
    let config = &image.inspected()["Config"];
    assert_eq!(config["User"], "1000:1000");
    assert_eq!(config["Labels"], repository().image.config["config"]["Labels"]);

    let denied = image.ran(&["eval", "pod-security-restricted"], BAD).code(2).stderr("");
    let decision: Value = serde_json::from_slice(&denied.get_output().stdout).unwrap();
    assert_eq!(decision["verdict"], "denied");
    assert_eq!(decision["output"]["violations"][0]["check"], "hostNamespaces");
    let allowed = image.ran(&["eval", "pod-security-baseline"], "kind: Pod\nspec: {}\n");
    allowed.code(0).stderr("");
}

#[test]
#[cfg_attr(not(has_podman), ignore = "needs Podman")]
fn podman_loads_the_image() {
    let (image, name) = loaded("podman");
    assert!(image.said.contains(&name), "{}", image.said);
    assert_eq!(image.inspected()["User"], "1000:1000");
}

#[test]
#[cfg_attr(not(has_skopeo), ignore = "needs skopeo")]
fn skopeo_reads_the_image_as_oci_and_docker_archive() {
    let archive = repository().archive.to_str().unwrap();
    let inspect = |kind: &str| -> Value {
        let output = run("skopeo", &["inspect", &format!("{kind}:{archive}")]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let oci = inspect("oci-archive");
    assert_eq!(oci["Digest"], repository().report["image"]["digest"]);
    let docker = inspect("docker-archive");
    assert_eq!(docker["Labels"], oci["Labels"]);
    assert_eq!(docker["Labels"], repository().image.config["config"]["Labels"]);
}
