use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::{BAD, FINE, GOOD, WHY, baseline, decision};
use crate::support::{Folder, engine, repository, stress_engine};

#[test]
fn eval_exits_with_0_if_allowed_and_2_if_denied() {
    let folder = Folder::new();
    let (allowed, denied) = (decision("-", 1, FINE), decision("-", 1, WHY));
    baseline(&folder, &[]).write_stdin(GOOD).assert().code(0).stdout(allowed.clone()).stderr("");
    baseline(&folder, &["-"]).write_stdin(GOOD).assert().code(0).stdout(allowed);
    baseline(&folder, &[]).write_stdin(BAD).assert().code(2).stdout(denied).stderr("");
}

#[test]
fn eval_prints_one_line_per_document_of_each_file() {
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
fn exit_code_of_an_error_outranks_that_of_a_denial() {
    let folder = Folder::new().file("bad.yaml", BAD).file("good.yaml", GOOD);
    baseline(&folder, &["bad.yaml", "missing.yaml", "good.yaml"])
        .assert()
        .code(1)
        .stdout(decision("bad.yaml", 1, WHY) + &decision("good.yaml", 1, FINE));
    baseline(&folder, &["good.yaml", "bad.yaml", "good.yaml"]).assert().code(2);
    baseline(&folder, &["good.yaml", "--no-such-option", "bad.yaml"]).assert().code(64).stdout("");
}

#[test]
fn pretty_format_indents_decisions() {
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
fn http_authz_decides_by_configured_roles() {
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
fn hardened_pod_meets_the_restricted_standard() {
    let pod = r#"{"kind": "Pod", "spec": {"containers": [{"name": "web", "image": "nginx",
        "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]}}"#;
    engine(&["eval", "pod-security-restricted"]).write_stdin(pod).assert().code(0);
    let pod = pod.replace("ALL", "NET_RAW");
    engine(&["eval", "pod-security-restricted"]).write_stdin(pod).assert().code(2);
}

#[test]
fn closed_output_is_no_panic() {
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
            "error: failed to write to standard output: No space left on device (os error 28)\n"
        );
    }
}

/// Standard input that holds one request.
fn request() -> Stdio {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(br#"{"method": "GET", "path": "/"}"#).unwrap();
    reader.into()
}

/// A pod with this container, on one line.
fn pod(container: &str) -> String {
    format!("kind: Pod\nspec: {{containers: [{{name: web, image: nginx, {container}}}]}}\n")
}

#[test]
fn yaml_ambiguous_to_kubernetes_is_refused_with_its_position() {
    let folder = Folder::new();
    for (text, message) in [
        (
            "kind: Pod\nspec: {?hostNetwork: true, ?\"hostPID\": true, containers: []}\n"
                .to_owned(),
            "line 2 column 8: `?` marks a key here: write the key without it, or text that begins \
             with `?` in quotes",
        ),
        (
            pod("securityContext: {procMount: !null Unmasked}"),
            "line 2 column 76: unsupported tag `!null`: write the value without it (text that \
             begins with `!` in quotes)",
        ),
        (
            pod("tty: !<tag:yaml.org,2002:bool> true"),
            "line 2 column 52: unsupported tag `!<tag:yaml.org,2002:bool>`: write the value \
             without it (text that begins with `!` in quotes)",
        ),
        (
            format!("%YAML 1.1\n{}", pod("tty: true")),
            "line 1 column 1: a directive: not even `kubectl` reads a file that has one",
        ),
        (
            "kind: Pod\nspec: {hostNetwork: false, \"hostNetwork\": true}\n".to_owned(),
            "line 2 column 28: duplicate key `hostNetwork`",
        ),
        (
            "kind: ConfigMap\n...\nkind: Pod\nspec: {hostNetwork: true}\n".to_owned(),
            "line 3 column 1: the document has ended before this: expected `---` on a line of its \
             own between documents",
        ),
        (
            "kind: Pod\nspec: {hostNetwork: tRUE}\n".to_owned(),
            "line 2 column 21: expected a boolean, found the string \"tRUE\", at \
             `spec.hostNetwork`",
        ),
    ] {
        baseline(&folder, &[]).write_stdin(text).assert().code(1).stdout("").stderr(format!(
            "error: standard input document 1: policy `pod-security-baseline`: {message}\n"
        ));
    }
}

#[test]
fn yaml_is_read_as_kubernetes_reads_it() {
    let folder = Folder::new();
    let denied = |text: &str| {
        baseline(&folder, &[]).write_stdin(text).assert().code(2).stdout(decision("-", 1, WHY));
    };
    // The last line has no break at its end.
    denied("spec: {hostNetwork: true}\nkind: |\n  Pod");
    denied("kind: Pod\nspec: {hostNetwork: yes}");
    denied("null\n---\n~\n---\n# nothing\n---\nkind: Pod\nspec: {hostNetwork: On}");
    denied("x: &x {hostNetwork: true}\nkind: Pod\nspec: {<<: *x, containers: []}");

    for number in ["1.00065e+09", "1e3", "1000.0", "-0", "-0.0", "0x3E8", "01750", "1_000"] {
        let text = pod(&format!("securityContext: {{runAsUser: {number}}}"));
        baseline(&folder, &[]).write_stdin(text).assert().code(0).stdout(decision("-", 1, FINE));
    }
    let root = pod("securityContext: {runAsUser: -0}");
    let restricted =
        engine(&["eval", "pod-security-restricted"]).write_stdin(root).assert().code(2);
    let said = String::from_utf8(restricted.get_output().stdout.clone()).unwrap();
    assert!(said.contains("runAsUser"), "{said}");

    let shared = "kind: List\nx: &x {privileged: true}\nitems:\n".to_owned()
        + &"- kind: Pod\n  spec: {containers: [{name: nULL, image: yEs, securityContext: *x}]}\n"
            .repeat(100);
    let judged = baseline(&folder, &[]).write_stdin(shared).assert();
    assert_ne!(judged.get_output().status.code(), Some(0));
    assert!(judged.get_output().stderr.is_empty());
}

#[test]
fn evaluation_that_does_not_end_or_is_over_its_budget_fails_and_the_next_is_made() {
    let folder = Folder::new().file(
        "tasks.jsonl",
        "{\"do\": \"spin\", \"ms\": 600000}\n\
         {\"do\": \"look\"}\n\
         {\"do\": \"allocate\", \"bytes\": 90000, \"times\": 90000000, \"look\": true}\n\
         {\"do\": \"answer\", \"output\": {\"allowed\": true}}\n",
    );
    let mut eval = stress_engine(&["eval", "stress", "tasks.jsonl", "--log", "debug"]);
    eval.args(["--timeout", "400ms", "--allocation-budget", "1MiB"]).current_dir(folder.path());
    let output = eval.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    let told: Vec<_> = errors.lines().filter(|line| line.starts_with("error: ")).collect();
    let timed_out = "timed out: there was no answer within 400ms; allow more with `--timeout`";
    let [first, second, third] = told[..] else { panic!("{errors}") };
    assert_eq!(first, format!("error: `tasks.jsonl` document 1: policy `stress`: {timed_out}"));
    assert_eq!(second, format!("error: `tasks.jsonl` document 2: policy `stress`: {timed_out}"));
    assert!(third.contains("the evaluation allocated 1"), "{third}");
    assert!(third.ends_with("more than its budget of 1048576; raise `allocation-budget`, or have the policy allocate less"), "{third}");
    let decided = String::from_utf8(output.stdout).unwrap();
    assert!(decided.contains("\"document\":4") && decided.lines().count() == 1, "{decided}");
    let told = errors.lines().find(|line| line.contains("decided")).unwrap();
    assert!(["elapsed=", "cpu=", "allocated="].iter().all(|name| told.contains(name)), "{told}");
}
