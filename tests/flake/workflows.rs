use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::support::{python, root};

/// The folders with workflows: of the repository, and of the template.
const FOLDERS: [&str; 2] = [".github", "nix/template/.github"];

fn passes(program: &str, arguments: &[&str], files: &[String]) {
    let mut lint = Command::new(python().join("bin").join(program));
    let output = lint.current_dir(root()).args(arguments).args(files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{program}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// They have only the rights that they need, and their actions are pinned by commit.
#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn workflows_pass_zizmor() {
    let folders = FOLDERS.map(str::to_owned);
    passes("zizmor", &["--offline", "--no-progress", "--persona", "pedantic"], &folders);
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn workflows_follow_the_schemas_of_github() {
    let action = [".github/actions/build/action.yml".to_owned()];
    let dependabot = FOLDERS.map(|folder| format!("{folder}/dependabot.yml"));
    let schema = |name| ["--builtin-schema", name];
    passes("check-jsonschema", &schema("vendor.github-workflows"), &workflows());
    passes("check-jsonschema", &schema("vendor.github-actions"), &action);
    passes("check-jsonschema", &schema("vendor.dependabot"), &dependabot);
}

/// Two of a kind would drift apart.
#[test]
fn workflows_pin_each_action_to_one_commit() {
    let mut pins = BTreeMap::<String, BTreeSet<String>>::new();
    for workflow in workflows() {
        let workflow = std::fs::read_to_string(root().join(workflow)).unwrap();
        for line in workflow.lines() {
            if let Some((_, uses)) = line.split_once("- uses: ") {
                let (action, commit) = uses.split_once('@').unwrap();
                pins.entry(action.to_owned()).or_default().insert(commit.to_owned());
            }
        }
    }
    assert!(pins.len() > 4 && pins.values().all(|commits| commits.len() == 1), "{pins:?}");
}

/// The workflows of the repository and of the template.
fn workflows() -> Vec<String> {
    let folders = FOLDERS.map(|folder| format!("{folder}/workflows"));
    let entries = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        entries.map(move |entry| format!("{folder}/{}", entry.unwrap().file_name().display()))
    });
    entries.collect()
}
