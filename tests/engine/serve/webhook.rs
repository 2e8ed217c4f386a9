use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, Server, document_block, python, sentence, stress_engine};

/// The webhook configuration that is documented.
fn documented() -> String {
    document_block("docs/src/how-to/serve.md", "yaml", "ValidatingWebhookConfiguration")
}

/// The webhook configuration of a policy.
fn described(policy: &str) -> String {
    let output = stress_engine(&["describe", policy, "--format", "webhook"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn webhook_configurations_name_paths_and_resources() {
    let tasks = described("stress-admission@0.1");
    assert!(tasks.contains("path: /validate/stress-admission/0.1\n"), "{tasks}");
    assert!(tasks.contains("apiGroups: [stress.example.com]\n"), "{tasks}");
    let pods = described("pod-security-baseline");
    assert!(pods.contains("path: /validate/pod-security-baseline\n"), "{pods}");
    for yaml in [&pods, &documented()] {
        for resources in [
            "[pods, pods/ephemeralcontainers, podtemplates, replicationcontrollers]",
            "[daemonsets, deployments, replicasets, statefulsets]",
            "[cronjobs, jobs]",
        ] {
            assert!(yaml.contains(&format!("resources: {resources}")), "{yaml}");
        }
    }
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn webhook_configurations_pass_kubernetes_validation() {
    let python = python();
    let described = ["stress-admission@0.1", "pod-security-baseline"].map(described);
    for yaml in described.into_iter().chain([documented()]) {
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

#[test]
fn policy_without_kubernetes_resources_has_no_webhook() {
    let refused = stress_engine(&["describe", "stress", "--format", "webhook"]).output().unwrap();
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    assert_eq!(
        sentence(&String::from_utf8(refused.stderr).unwrap()),
        "policy `stress` takes no Kubernetes objects, as far as it says: a policy that does names \
         what it judges by `const KUBERNETES_RESOURCES` of `policy_api::Policy`"
    );
    let text = stress_engine(&["describe", "stress"]).output().unwrap();
    assert!(!String::from_utf8(text.stdout).unwrap().contains("webhook"));
}

#[test]
fn webhook_path_finds_a_policy_by_its_dns_form() {
    let folder = Folder::new();
    let yaml = "policies: {my_pods: {policy: pod-security-baseline}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let review: Value = serde_json::from_str(include_str!("kubernetes/review.json")).unwrap();
    for path in ["/validate/my_pods", "/validate/my-pods", "/audit/my-pods/0.1"] {
        let found = server.post(path, &review);
        assert_eq!((found.status, &found.json()["response"]["allowed"]), (200, &json!(true)));
    }
    assert_eq!(server.post("/validate/my-pod", &review).status, 404);
}
