use std::fs;

use serde_json::json;

use super::{BAD, GOOD, baseline};
use crate::support::{Folder, read_reports};

/// A folder with what is allowed, denied and unreadable, in YAML and JSON.
fn manifests() -> Folder {
    let review = r#"{
  "apiVersion": "admission.k8s.io/v1",
  "kind": "AdmissionReview",
  "request": {
    "uid": "1",
    "operation": "CREATE",
    "object": {
      "kind": "Pod",
      "spec": {
        "containers": [
          {"name": "web", "securityContext": {"privileged": true}}
        ]
      }
    }
  }
}
"#;
    let deployment = "# a deployment\n---\nkind: Deployment\nspec:\n  template:\n    spec:\n      \
                      hostNetwork: true\n      containers:\n      - name: a\n        ports:\n        \
                      - containerPort: 80\n          hostPort: 80\n";
    Folder::new()
        .file("deploy/web.yaml", &format!("{GOOD}---\n{deployment}"))
        .file("deploy/review.json", review)
        .file("deploy/broken.yml", "kind: [\n")
        .file("deploy/README.md", "no manifest")
        .file("bad pod.yaml", BAD)
}

fn report(folder: &Folder, format: &str) -> String {
    let arguments = ["--recursive", "--format", format, "deploy", "bad pod.yaml"];
    let ran = baseline(folder, &arguments).assert().code(1);
    String::from_utf8(ran.get_output().stdout.clone()).unwrap()
}

/// The reports as programs read them that others wrote.
#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn reports_are_read_by_other_programs() {
    let folder = manifests();
    for format in ["junit", "sarif", "tap", "markdown"] {
        fs::write(folder.path().join(format), report(&folder, format)).unwrap();
    }
    let read = read_reports(&folder);
    let network = "hostNetwork` is `true`: a pod may not share namespaces of the host";
    let sarif = read["sarif"].as_array().unwrap();
    let places: Vec<_> = sarif
        .iter()
        .map(|result| {
            assert!(result["message"].as_str().unwrap().starts_with("spec."), "{result}");
            json!([result["rule"], result["uri"], result["line"], result["column"]])
        })
        .collect();
    assert_eq!(
        places,
        [
            json!(["pod-security-baseline/privileged", "deploy/review.json", 11, 61]),
            json!(["pod-security-baseline/hostNamespaces", "deploy/web.yaml", 10, 20]),
            json!(["pod-security-baseline/hostPorts", "deploy/web.yaml", 15, 21]),
            json!(["pod-security-baseline/hostNamespaces", "bad%20pod.yaml", 2, 21]),
        ]
    );
    assert_eq!(read["sarif-failures"].as_array().unwrap().len(), 1);
    assert_eq!(read["junit"]["counts"], json!([5, 3, 1]));
    let failure = read["junit"]["failures"][2].as_str().unwrap();
    assert!(failure.contains(network), "{failure}");
    assert_eq!(read["tap"], json!([false, false, true, false, false]));
    assert_eq!(read["markdown-rows"], 5);
}

#[test]
fn annotations_name_file_line_and_column() {
    let folder = manifests();
    let annotations = report(&folder, "github");
    assert!(
        annotations.contains(
            "::error file=deploy/web.yaml,line=10,col=20,title=pod-security-baseline@0.1.0%3A \
             hostNamespaces::spec.template.spec.hostNetwork: `hostNetwork` is `true`"
        ),
        "{annotations}"
    );
    assert_eq!(annotations.lines().count(), 5, "{annotations}");
}

#[test]
fn folders_are_read_on_request() {
    let folder = manifests();
    baseline(&folder, &["deploy"]).assert().code(1).stdout("").stderr(
        "error: `deploy` is a folder\nhelp: add `--recursive`, or name the files in it, such as \
             `deploy/*.yaml`\n",
    );
    fs::create_dir(folder.path().join("empty")).unwrap();
    baseline(&folder, &["-r", "empty"])
        .assert()
        .code(1)
        .stdout("")
        .stderr("error: no file in `empty` ends in `.yaml`, `.yml` or `.json`\n");
}
