use super::{BAD, FINE, WHY, baseline, decision};
use crate::support::{Folder, engine};

/// A pod that the standard allows from v1.34 only.
const SYSCTL: &str = r#"{"kind": "Pod", "spec": {"securityContext":
    {"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}]}}}"#;

#[test]
fn settings_change_the_decision() {
    let folder = Folder::new()
        .file("old.yaml", "version: v1.0\n")
        .file("new.json", r#"{"version": "v1.37"}"#);
    let code = |arguments: &[&str]| {
        let judged = baseline(&folder, arguments).write_stdin(SYSCTL).assert();
        judged.get_output().status.code().unwrap()
    };
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&["--set", "version=v1.0"]), 2);
    assert_eq!(code(&["--settings", "old.yaml"]), 2);
    assert_eq!(code(&["--settings", "new.json"]), 0);
    assert_eq!(code(&["--settings", "old.yaml", "--set", "version=latest"]), 0);
}

#[test]
fn invalid_settings_fail_before_any_evaluation() {
    let folder = Folder::new()
        .file("unknown.yaml", "# of the house\nverion: v1.9\n")
        .file("roles.yaml", "roles:\n  viewer:\n  - methods: [get]\n    paths: [/]\n")
        .file("two.yaml", "version: v1.0\n---\nversion: v1.1\n")
        .file("broken.json", "{\"version\": ");
    let refused = |policy: &str, arguments: &[&str]| {
        let mut command = engine(&["eval", policy]);
        let refused = command
            .current_dir(folder.path())
            .args(arguments)
            .write_stdin(BAD)
            .assert()
            .code(1)
            .stdout("");
        String::from_utf8(refused.get_output().stderr.clone()).unwrap()
    };
    assert_eq!(
        refused("pod-security-baseline", &["--settings", "unknown.yaml"]),
        "error: policy `pod-security-baseline` 0.1.0: settings: `unknown.yaml` line 2 column 9: \
         unknown field `verion`, expected `version`, at `verion`\n"
    );
    assert_eq!(
        refused("pod-security-baseline", &["--set", "version=v9.99"]),
        "error: policy `pod-security-baseline` 0.1.0: settings: unknown version `v9.99`: expected \
         `latest`, or `v1.0` to `v1.37`, at `version`\n"
    );
    assert_eq!(
        refused("http-authz", &["--settings", "roles.yaml"]),
        "error: policy `http-authz` 0.1.0: settings: `roles.viewer[0].methods[0]` is `get`: \
         expected a method in capitals such as `GET`, or `*`\n"
    );
    assert_eq!(
        refused("pod-security-baseline", &["--settings", "two.yaml"]),
        "error: settings: `two.yaml` holds more than one document: expected one object\n"
    );
    assert_eq!(
        refused("pod-security-baseline", &["--settings", "broken.json"]),
        "error: settings: `broken.json` line 1 column 12: EOF while parsing a value\n"
    );
    assert_eq!(
        refused("pod-security-baseline", &["--settings", "missing.yaml"]),
        "error: settings: failed to read `missing.yaml`: No such file or directory (os error 2)\n"
    );
    assert_eq!(
        refused("http-authz", &["--set", "roles=7", "--set", "roles.viewer=[]"]),
        "error: `--set roles.viewer`: `roles` is not an object, so it has no field to set\n"
    );
}

#[test]
fn validate_checks_settings_without_input() {
    engine(&["validate", "pod-security-baseline", "--set", "version=v1.30"])
        .assert()
        .code(0)
        .stdout("pod-security-baseline 0.1.0: valid\n");
    engine(&["validate"]).assert().code(0).stdout(
        "allowed-registries 0.1.0: valid\n\
         http-authz 0.1.0: valid\n\
         pod-security-baseline 0.1.0: valid\n\
         pod-security-restricted 0.1.0: valid\n",
    );
    engine(&["validate", "allowed-registries", "--set", r#"allowed=[{"registry": "*.io"}]"#])
        .assert()
        .code(1)
        .stdout("")
        .stderr(
            "error: policy `allowed-registries` 0.1.0: settings: `allowed[0].registry` is `*.io`: \
             expected a registry as images name it, such as `ghcr.io` or `localhost:5000`, without \
             wildcards\n",
        );
}

#[test]
fn label_without_a_value_is_a_usage_error() {
    let folder = Folder::new();
    baseline(&folder, &["--label", "team=payments"])
        .write_stdin(BAD)
        .assert()
        .code(2)
        .stdout(decision("-", 1, WHY));
    baseline(&folder, &["--label", "team"]).write_stdin(FINE).assert().code(64).stdout("");
}
