use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::{BAD, FINE, GOOD, WHY, baseline, decision};
use crate::support::{Folder, engine, repository};

#[test]
fn allowed_is_0_and_denied_is_2() {
    let folder = Folder::new();
    let (allowed, denied) = (decision("-", 1, FINE), decision("-", 1, WHY));
    baseline(&folder, &[]).write_stdin(GOOD).assert().code(0).stdout(allowed.clone()).stderr("");
    baseline(&folder, &["-"]).write_stdin(GOOD).assert().code(0).stdout(allowed);
    baseline(&folder, &[]).write_stdin(BAD).assert().code(2).stdout(denied).stderr("");
}

#[test]
fn every_document_of_every_file_has_its_line() {
    let json = "{\"kind\": \"Pod\", \"spec\": {}}\n";
    let folder = Folder::new()
        .file("many.yaml", &format!("# two of them\n---\n{GOOD}---\n# nothing\n---\n{BAD}"))
        .file("one.json", "{\n  \"kind\": \"Pod\",\n  \"spec\": {}\n}\n")
        .file("lines.jsonl", &json.repeat(2));
    let lines = [
        decision("many.yaml", 1, FINE),
        decision("many.yaml", 2, WHY),
        decision("one.json", 1, FINE),
        decision("-", 1, FINE),
        decision("lines.jsonl", 1, FINE),
        decision("lines.jsonl", 2, FINE),
    ];
    baseline(&folder, &["many.yaml", "one.json", "-", "lines.jsonl"])
        .write_stdin(json)
        .assert()
        .code(2)
        .stdout(lines.concat())
        .stderr("");
}

#[test]
fn a_failure_wins_over_a_denial() {
    let folder = Folder::new().file("bad.yaml", BAD).file("good.yaml", GOOD);
    baseline(&folder, &["bad.yaml", "missing.yaml", "good.yaml"])
        .assert()
        .code(1)
        .stdout(decision("bad.yaml", 1, WHY) + &decision("good.yaml", 1, FINE));
    baseline(&folder, &["good.yaml", "bad.yaml", "good.yaml"]).assert().code(2);
    baseline(&folder, &["good.yaml", "--no-such-option", "bad.yaml"]).assert().code(64).stdout("");
}

#[test]
fn decisions_can_be_laid_out() {
    let folder = Folder::new().file("bad.yaml", BAD).file("good.yaml", GOOD);
    baseline(&folder, &["--format", "pretty", "bad.yaml"]).assert().code(2).stdout(
        r#"{
  "file": "bad.yaml",
  "document": 1,
  "policy": "pod-security-baseline",
  "version": "0.1.0",
  "verdict": "denied",
  "output": {
    "allowed": false,
    "violations": [
      {
        "check": "hostNamespaces",
        "field": "spec.hostNetwork",
        "message": "`hostNetwork` is `true`: a pod may not share namespaces of the host"
      }
    ]
  }
}
"#,
    );
    let why =
        "spec.hostNetwork: `hostNetwork` is `true`: a pod may not share namespaces of the host";
    baseline(&folder, &["--format", "table", "bad.yaml", "good.yaml"]).assert().code(2).stdout(
        format!(
            "FILE       DOCUMENT  VERDICT  WHY\n\
             bad.yaml   1         denied   {why}\n\
             good.yaml  1         allowed\n"
        ),
    );
    baseline(&folder, &["--format", "json", "good.yaml"]).assert().code(0).stdout(decision(
        "good.yaml",
        1,
        FINE,
    ));
}

#[test]
fn requests_are_judged_by_the_roles_that_are_set() {
    let folder = Folder::new()
        .file("roles.yaml", "roles:\n  viewer:\n  - methods: [GET]\n    paths: [/api/**]\n");
    let ask = |request: &str| {
        let mut command = engine(&["eval", "http-authz", "--settings", "roles.yaml"]);
        command.current_dir(folder.path()).write_stdin(request).assert()
    };
    ask(r#"{"method": "GET", "path": "/api/pods", "roles": ["viewer"]}"#).code(0);
    ask(r#"{"method": "PUT", "path": "/api/pods", "roles": ["viewer"]}"#).code(2);
}

#[test]
fn a_pod_that_is_hardened_meets_the_restricted_standard() {
    let pod = r#"{"kind": "Pod", "spec": {"containers": [{"name": "web", "image": "nginx",
        "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]}}"#;
    engine(&["eval", "pod-security-restricted"]).write_stdin(pod).assert().code(0);
    let pod = pod.replace("ALL", "NET_RAW");
    engine(&["eval", "pod-security-restricted"]).write_stdin(pod).assert().code(2);
}

#[test]
fn nobody_listening_is_no_panic() {
    for arguments in
        [&["eval", "http-authz"][..], &["list"], &["version"], &["completions", "bash"]]
    {
        let run = |output: Stdio| {
            let mut command = Command::new(repository().program());
            command.args(arguments).stdin(request()).stdout(output).output().unwrap()
        };
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let told = run(writer.into());
        assert_eq!((told.status.code(), &*told.stderr), (Some(1), &b""[..]), "{arguments:?}");

        let told = run(File::create("/dev/full").unwrap().into());
        assert_eq!(told.status.code(), Some(1), "{arguments:?}");
        assert_eq!(
            String::from_utf8_lossy(&told.stderr),
            "error: cannot write to standard output: No space left on device (os error 28)\n"
        );
    }
}

/// Standard input that holds one request.
fn request() -> Stdio {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(br#"{"method": "GET", "path": "/"}"#).unwrap();
    reader.into()
}
