use serde_json::Value;

use crate::support::{Folder, document_block, engine};

fn json(arguments: &[&str]) -> Value {
    let output = engine(arguments).assert().code(0).stderr("").get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn list_prints_a_table() {
    let listed = engine(&["list"]).assert().code(0).get_output().stdout.clone();
    let listed = String::from_utf8(listed).unwrap();
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(
        lines[0],
        "POLICY                   VERSION  CRATE               CHECKS  DESCRIPTION"
    );
    assert_eq!(
        lines[2],
        "http-authz               0.1.0    http-authz          5       Who may send which HTTP request: \
         method and path against the roles that the settings define"
    );
}

#[test]
fn describe_prints_metadata_settings_and_examples() {
    engine(&["describe", "pod-security-baseline"]).assert().code(0).stdout(
        "pod-security-baseline 0.1.0\n\
         Denies pods that ask for known privilege escalations, by the Kubernetes Pod Security \
         Standards (v1.0 to v1.37)\n\
         \n\
         crate     pod-security 0.1.0\n\
         authors   The policy-engine authors\n\
         versions  0.1.0\n\
         settings\n  version  `latest`, or a Kubernetes version from `v1.0` to `v1.37`.\n\
         checks\n  \
         appArmorProfile             high      Pods keep the default AppArmor profile on\n  \
         capabilities_baseline       high      Containers add only capabilities that container runtimes give by default\n  \
         hostNamespaces              critical  Pods share no namespace with the host\n  \
         hostPathVolumes             critical  Pods mount no path of the host\n  \
         hostPorts                   high      Containers listen on no port of the host\n  \
         hostProbesAndHostLifecycle  high      Probes and lifecycle handlers reach only the pod itself\n  \
         privileged                  critical  Containers do not have the host's root rights\n  \
         procMount                   high      Containers do not unmask `/proc`, or from 1.35 only in a user namespace of their own\n  \
         seLinuxOptions              high      The SELinux type is one made for containers, and user and role are not chosen\n  \
         seccompProfile_baseline     high      Pods do not switch the filter of system calls off\n  \
         sysctls                     high      Pods set only kernel parameters that concern nobody but themselves\n  \
         windowsHostProcess          critical  Pods and containers do not run as a process of a Windows host\n\
         input     `policy-engine schema pod-security-baseline` prints its JSON Schema\n\
         \n\
         try it    policy-engine eval pod-security-baseline < input.json\n\
         serve it  policy-engine serve\n          curl -s http://localhost:8181/v0/data/pod-security-baseline -d @input.json\n          \
         policy-engine describe pod-security-baseline --format webhook   (for Kubernetes)\n",
    );
    let described = json(&["describe", "pod-security-baseline", "--format", "json"]);
    assert_eq!(described["crate"], "pod-security");
    assert_eq!(described["settingsSchema"]["type"], "object");
}

#[test]
fn documented_configuration_is_valid() {
    let yaml = document_block("docs/src/how-to/serve.md", "yaml", "diagnostic-listen:");
    let folder = Folder::new().file("config.yaml", &yaml);
    let config = json(&[
        "config",
        "--format",
        "json",
        "--config",
        folder.path().join("config.yaml").to_str().unwrap(),
    ]);
    let settings = config.as_array().unwrap();
    let mode = settings.iter().find(|setting| setting["path"] == "policies.pods.mode").unwrap();
    assert_eq!((&mode["value"], &mode["from"]["kind"]), (&"monitor".into(), &"file".into()));
}

#[test]
fn schemas_are_json_schemas() {
    let schema = json(&["schema", "http-authz"]);
    assert_eq!(schema["required"], serde_json::json!(["method", "path"]));
    let schema = json(&["schema", "http-authz", "--settings"]);
    assert!(schema["properties"]["roles"].is_object(), "{schema}");
}

#[test]
fn completion_script_of_each_shell_has_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = engine(&["completions", shell]).assert().code(0).get_output().stdout.clone();
        let script = String::from_utf8(script).unwrap();
        assert!(script.contains("policy-engine") && script.contains("describe"), "{shell}");
    }
}

#[test]
fn empty_variable_of_the_log_is_as_none() {
    let warns = |level: Option<&str>| {
        let mut config = engine(&["config"]);
        config.env("POLICY_ENGINE_NO_SUCH", "x");
        if let Some(level) = level {
            config.env("POLICY_ENGINE_LOG", level);
        }
        let output = config.assert().code(0).get_output().stderr.clone();
        String::from_utf8(output).unwrap().contains("POLICY_ENGINE_NO_SUCH")
    };
    assert_eq!([None, Some(""), Some("error")].map(warns), [true, true, false]);
}

#[test]
fn invalid_command_line_exits_with_64() {
    for arguments in [
        &["frobnicate"][..],
        &[],
        &["eval"],
        &["eval", "http-authz@latest"],
        &["eval", "http-authz", "--set", "roles"],
        &["eval", "http-authz", "--format", "xml"],
        &["completions", "cobol"],
    ] {
        engine(arguments).assert().code(64).stdout("");
    }
    engine(&["--help"]).assert().code(0).stderr("");
    engine(&["--version"]).assert().code(0).stdout("policy-engine 0.1.0\n");
}
