use std::env;
use std::process::{self, Command, Output};

use serde_json::Value;

use crate::support::{Folder, repository, skipped};

const BAD: &str = "kind: Pod\nspec: {hostNetwork: true}\n";

/// Whether a program that a machine may lack answers; where it does not, says so.
fn answers(program: &str, arguments: &[&str]) -> bool {
    let reason = match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("cannot start `{program}`: {error}"),
    };
    skipped(program, &reason);
    false
}

/// The repository's image under a name that nobody else has, with the archive that it is in.
fn named(folder: &Folder) -> String {
    let tag = process::id().to_string();
    let names = ["--repo", "policy-tests", "--tag", &tag];
    repository().packed_again(folder).args(names).assert().success();
    format!("policy-tests:{tag}")
}

fn run(folder: &Folder, program: &str, arguments: &[&str]) -> Output {
    assert_cmd::Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .assert()
        .success()
        .get_output()
        .clone()
}

/// Takes an image out of an engine again.
struct Loaded<'a> {
    program: &'a str,
    name: String,
}

impl Drop for Loaded<'_> {
    fn drop(&mut self) {
        let _ = Command::new(self.program).args(["rmi", "--force", &self.name]).output();
    }
}

#[test]
fn docker_loads_and_runs_the_image() {
    if !answers("docker", &["info"]) {
        let required =
            env::var_os("POLICY_ENGINE_REQUIRE_DOCKER").is_some_and(|value| value == "1");
        assert!(!required, "Docker does not answer, and POLICY_ENGINE_REQUIRE_DOCKER is 1");
        return;
    }
    let folder = Folder::new();
    let name = named(&folder);
    let loaded = run(&folder, "docker", &["load", "--input", "policy-engine.tar"]);
    let _loaded = Loaded { program: "docker", name: name.clone() };
    assert_eq!(String::from_utf8_lossy(&loaded.stdout).trim(), format!("Loaded image: {name}"));

    let inspected = run(&folder, "docker", &["image", "inspect", &name]).stdout;
    let inspected: Value = serde_json::from_slice(&inspected).unwrap();
    let config = &inspected[0]["Config"];
    assert_eq!(config["User"], "1000:1000");
    assert_eq!(config["Labels"], repository().image.config["config"]["Labels"]);

    let ran = |arguments: &[&str], input: &str| {
        assert_cmd::Command::new("docker")
            .args(["run", "--rm", "--interactive", "--network", "none", &name])
            .args(arguments)
            .write_stdin(input)
            .assert()
    };
    let denied = ran(&["eval", "pod-security-restricted"], BAD).code(2).stderr("");
    let decision: Value = serde_json::from_slice(&denied.get_output().stdout).unwrap();
    assert_eq!(decision["verdict"], "denied");
    assert_eq!(decision["output"]["violations"][0]["check"], "hostNamespaces");
    ran(&["eval", "pod-security-baseline"], "kind: Pod\nspec: {}\n").code(0).stderr("");
}

#[test]
fn podman_loads_the_image() {
    if !answers("podman", &["info"]) {
        return;
    }
    let folder = Folder::new();
    let name = named(&folder);
    let loaded = run(&folder, "podman", &["load", "--input", "policy-engine.tar"]);
    let _loaded = Loaded { program: "podman", name: name.clone() };
    let words = String::from_utf8_lossy(&loaded.stdout).into_owned();
    assert!(words.contains(&name), "{words}");
    let inspected = run(&folder, "podman", &["image", "inspect", &name]).stdout;
    let inspected: Value = serde_json::from_slice(&inspected).unwrap();
    assert_eq!(inspected[0]["User"], "1000:1000");
}

#[test]
fn skopeo_reads_the_image_in_both_its_forms() {
    if !answers("skopeo", &["--version"]) {
        return;
    }
    let archive = repository().archive.to_str().unwrap();
    let inspect = |kind: &str| -> Value {
        let output = run(&Folder::new(), "skopeo", &["inspect", &format!("{kind}:{archive}")]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let oci = inspect("oci-archive");
    assert_eq!(oci["Digest"], repository().report["image"]["digest"]);
    let docker = inspect("docker-archive");
    assert_eq!(docker["Labels"], oci["Labels"]);
    assert_eq!(docker["Labels"], repository().image.config["config"]["Labels"]);
}
