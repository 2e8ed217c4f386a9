use std::fs;
use std::path::Path;

use super::coverage::Scene;
use super::script::Script;
use super::serving::Serving;
use crate::support::{DockerTag, Shell, Unpacked, WORK_DIR, document_block, root};

/// Runs a command in a folder, and gives what it prints.
fn run_in(shell: &Shell, folder: &Path, words: &str) -> String {
    let command = shell.command(words).current_dir(folder).assert().success();
    String::from_utf8(command.get_output().stdout.clone()).unwrap()
}

/// A new folder and added policies build, pass, decide and serve, unmodified.
#[test]
#[cfg_attr(not(all(has_docker, has_curl)), ignore = "needs a Docker engine and curl")]
fn readme_commands_for_a_new_folder_run() {
    let mut script = Script::new(Scene::OwnFolder);
    let mut shell = Shell::new(WORK_DIR, &[]);
    let here = shell.here().join("my-policies");
    shell.runs(&script.takes("policy-builder new"));
    let library = fs::read_to_string(here.join("policies/working-hours/src/lib.rs")).unwrap();
    assert_eq!(library, document_block("README.md", "rust", "register!"));
    run_in(&shell, &here, "policy-builder add image-age");
    run_in(&shell, &here, "policy-builder add quiet-hours --settings");
    // With what is at hand, whatever is newest today.
    fs::copy(root().join("Cargo.lock"), here.join("Cargo.lock")).unwrap();
    let said = run_in(&shell, &here, &script.takes("cargo test"));
    assert_eq!(said.matches("test result: ok. 1 passed").count(), 3, "{said}");
    let library = fs::read_to_string(here.join("policies/image-age/src/lib.rs")).unwrap();
    assert!(
        library.contains("policy_api::register!(fn image_age { checks: &[HOURS] });"),
        "{library}"
    );

    // With the lock that Cargo wrote there.
    let tag = DockerTag::take(DockerTag::ENGINE);
    let built = run_in(&shell, &here, &script.takes("policy-builder image --load"));
    for policy in ["image-age 1.0.0", "working-hours 1.0.0"] {
        assert!(built.contains(&format!("policy    {policy}")), "{built}");
    }
    assert!(built.contains("\nloaded    policy-engine:latest, linux/"), "{built}");
    let asked = shell.command(&script.takes("echo")).current_dir(&here).assert().code(2);
    let decision = String::from_utf8(asked.get_output().stdout.clone()).unwrap();
    assert_eq!(decision, document_block("README.md", "json", "\"verdict\""));

    let words = Script::new(Scene::Docker).takes("docker run --rm -p");
    let serving = Serving::start(&mut shell, &words);
    let answer = run_in(&shell, &here, &script.takes("curl"));
    assert_eq!(answer.trim_end(), document_block("README.md", "json", "\"result\"").trim_end());
    drop(serving);
    drop(tag);

    run_in(&shell, &here, &script.takes("policy-builder image --repo"));
    let image = Unpacked::read(&here.join("policy-engine.tar"));
    let docker: serde_json::Value =
        serde_json::from_slice(&image.members["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"][0], "registry.example.com/policies:v1");
    // The suites beside the policies, each as it was written.
    let unpacked = shell.here().join("unpacked");
    image.write_files(&unpacked);
    let suites = run_in(&shell, &here, "../unpacked/bin/policy-engine test --format table");
    let passed = suites.lines().filter(|line| line.ends_with("2       0       0"));
    assert_eq!(passed.count(), 3, "{suites}");
    script.ends();
}
