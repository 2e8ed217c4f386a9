use std::fs;

use super::coverage::Scene;
use super::script::Script;
use crate::support::{DockerTag, Shell, Unpacked, WORK_DIR, root};

/// A new folder and an added policy build, pass and run unmodified.
#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn readme_commands_for_a_new_folder_run() {
    let mut script = Script::new(Scene::OwnFolder);
    let shell = Shell::new(WORK_DIR, &[]);
    let here = shell.here();
    shell.runs(&script.takes("policy-builder new"));
    shell.runs(&script.takes("policy-builder add"));
    shell.runs("policy-builder add quiet-hours --settings --policies my-policies");
    // With what is at hand, whatever is newest today.
    fs::copy(root().join("Cargo.lock"), here.join("my-policies/Cargo.lock")).unwrap();
    let tested = shell.runs(&script.takes("cargo test")).get_output().stdout.clone();
    let said = String::from_utf8(tested).unwrap();
    assert_eq!(said.matches("test result: ok. 1 passed").count(), 3, "{said}");
    let library = fs::read_to_string(here.join("my-policies/image-age/src/lib.rs")).unwrap();
    assert!(library.contains("policy_api::register!(fn image_age);"), "{library}");
    // With the lock that Cargo wrote there.
    let built = shell.runs(&script.takes("policy-builder image")).get_output().stdout.clone();
    let built = String::from_utf8(built).unwrap();
    for policy in ["image-age 1.0.0", "working-hours 1.0.0"] {
        assert!(built.contains(&format!("policy    {policy}")), "{built}");
    }
    let tag = DockerTag::take(DockerTag::ENGINE);
    shell.runs("docker load < policy-engine.tar");
    let asked = shell.runs(&script.takes("echo")).get_output().stdout.clone();
    let asked = String::from_utf8(asked).unwrap();
    assert!(asked.contains("\"verdict\":\"allowed\""), "{asked}");
    drop(tag);

    let repository = Shell::new(WORK_DIR, &[]).with_repository();
    let policies = here.join("my-policies");
    std::os::unix::fs::symlink(policies, repository.beside("my-policies")).unwrap();
    repository.runs(&script.takes("cargo image"));
    let image = Unpacked::read(&repository.here().join("policy-engine.tar"));
    let docker: serde_json::Value =
        serde_json::from_slice(&image.members["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"][0], "registry.example.com/policies:v1");
    script.ends();
}
