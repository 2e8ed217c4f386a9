use std::process::Command;

use crate::support::{Folder, python, root, stress_engine};

/// The README's own webhook configuration.
fn of_the_readme() -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let found = blocks.filter(|block| block.contains("ValidatingWebhookConfiguration"));
    found.last().unwrap().to_owned()
}

#[test]
fn webhook_configurations_are_what_kubernetes_takes() {
    let described = stress_engine(&["describe", "stress", "--format", "webhook"]).output().unwrap();
    let described = String::from_utf8(described.stdout).unwrap();
    assert!(described.contains("path: /validate/stress\n"), "{described}");
    let Some(python) = python() else { return };
    for yaml in [described, of_the_readme()] {
        let folder = Folder::new().file("webhook.yaml", &yaml);
        let validated = Command::new(python.join("bin/kubernetes-validate"))
            .args(["--strict", "webhook.yaml"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&validated.stdout).into_owned();
        assert!(validated.status.success() && said.contains("passed"), "{yaml}\n{said}");
    }
}
