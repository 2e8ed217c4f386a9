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
    let here = shell.here().join("my-policies");
    shell.runs(&script.takes("policy-builder new"));
    let runs = |words: &str| {
        let command = shell.command(words).current_dir(&here).assert().success();
        String::from_utf8(command.get_output().stdout.clone()).unwrap()
    };
    runs(&script.takes("policy-builder add"));
    runs("policy-builder add quiet-hours --settings");
    // With what is at hand, whatever is newest today.
    fs::copy(root().join("Cargo.lock"), here.join("Cargo.lock")).unwrap();
    let said = runs(&script.takes("cargo test"));
    assert_eq!(said.matches("test result: ok. 1 passed").count(), 3, "{said}");
    let library = fs::read_to_string(here.join("policies/image-age/src/lib.rs")).unwrap();
    assert!(library.contains("policy_api::register!(fn image_age);"), "{library}");
    // With the lock that Cargo wrote there.
    let tag = DockerTag::take(DockerTag::ENGINE);
    let built = runs(&script.takes("policy-builder image"));
    for policy in ["image-age 1.0.0", "working-hours 1.0.0"] {
        assert!(built.contains(&format!("policy    {policy}")), "{built}");
    }
    assert!(built.contains("\nloaded    policy-engine:latest, linux/"), "{built}");
    let asked = runs(&script.takes("echo"));
    assert!(asked.contains("\"verdict\":\"allowed\""), "{asked}");
    drop(tag);

    let repository = Shell::new(WORK_DIR, &[]).with_repository();
    std::os::unix::fs::symlink(here, repository.beside("my-policies")).unwrap();
    repository.runs(&script.takes("cargo image"));
    let image = Unpacked::read(&repository.here().join("policy-engine.tar"));
    let docker: serde_json::Value =
        serde_json::from_slice(&image.members["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"][0], "registry.example.com/policies:v1");
    script.ends();
}
