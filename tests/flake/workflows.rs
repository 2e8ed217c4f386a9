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
    let workflows = [".github/workflows/nix.yml", "nix/template/.github/workflows/ci.yml"];
    let dependabot = FOLDERS.map(|folder| format!("{folder}/dependabot.yml"));
    let schema = |name| ["--builtin-schema", name];
    passes("check-jsonschema", &schema("vendor.github-workflows"), &workflows.map(str::to_owned));
    passes("check-jsonschema", &schema("vendor.dependabot"), &dependabot);
}

/// Two of a kind would drift apart.
#[test]
fn both_workflows_pin_the_same_actions() {
    let pins = |path: &str| -> Vec<String> {
        let workflow = std::fs::read_to_string(root().join(path)).unwrap();
        let uses = workflow.lines().filter_map(|line| line.trim().strip_prefix("- uses: "));
        uses.map(str::to_owned).collect()
    };
    let template = pins("nix/template/.github/workflows/ci.yml");
    let own = pins(".github/workflows/nix.yml");
    assert!(!own.is_empty() && own.iter().all(|pin| template.contains(pin)), "{own:?}");
}
