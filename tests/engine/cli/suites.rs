use std::fs;

use serde_json::{Value, json};

use super::{BAD, GOOD};
use crate::support::{Folder, engine, read_reports, root, stress_engine};

const SUITE: &str = "\
policy: pod-security-baseline
files: [pods]
cases:
- name: good
  file: pods/good.yaml
  expect: allowed
- name: bad
  object: pods/bad.yaml
  expect: {verdict: denied, checks: [hostNamespaces]}
";

fn folder() -> Folder {
    Folder::new().file("pods/good.yaml", GOOD).file("pods/bad.yaml", BAD)
}

fn test(folder: &Folder, arguments: &[&str]) -> assert_cmd::Command {
    let mut command = stress_engine(&["test"]);
    command.args(arguments).current_dir(folder.path());
    assert_cmd::Command::from_std(command)
}

#[test]
fn suites_of_the_folder_are_run() {
    let folder = folder()
        .file("a.suite.yaml", SUITE)
        .file(
            "deeper/b.suite.json",
            r#"{"policy": "echo", "cases": [{"name": "c", "input": true, "expect": "allowed"}]}"#,
        )
        .file("target/CACHEDIR.TAG", "")
        .file("target/c.suite.yaml", "no suite");
    let lines = test(&folder, &[]).assert().code(0).stderr("");
    let lines = String::from_utf8(lines.get_output().stdout.clone()).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        json!({
            "suite": "a.suite.yaml", "case": "good", "line": 4, "column": 3,
            "policy": "pod-security-baseline", "version": "0.1.0",
            "result": "passed", "verdict": "allowed", "checks": [],
        })
    );
    assert_eq!(lines.lines().count(), 3);
    test(&folder, &["--format", "table", "--jobs", "1"]).assert().code(0).stdout(
        "SUITE                PASSED  FAILED  UNDECIDED\n\
         a.suite.yaml         2       0       0\n\
         deeper/b.suite.json  1       0       0\n",
    );
    let filtered = test(&folder, &["--filter", "BAD", "--filter", "no such"]).assert().code(0);
    let filtered = String::from_utf8(filtered.get_output().stdout.clone()).unwrap();
    assert!(filtered.lines().count() == 1 && filtered.contains(r#""case":"bad""#), "{filtered}");
    test(&folder, &["--filter", "no such"]).assert().code(1).stdout("").stderr(
        "error: no case has a name that contains what `--filter` asks for\n\
         help: `policy-engine test --format json` lists the names\n",
    );
    test(&folder, &["pods"]).assert().code(1).stdout("").stderr(
        "error: no suite is in `pods`: expected a file whose name ends in `.suite.yaml`, \
         `.suite.yml` or `.suite.json`\n\
         help: `policy-engine test --init POLICY FOLDER` writes one, from a folder of inputs\n",
    );
}

#[test]
fn failed_case_is_shown_as_a_diff_and_exits_with_2() {
    let wrong = SUITE.replace("expect: allowed", "expect: denied").replace(
        "checks: [hostNamespaces]}",
        "checks: [hostPorts], output: {violations: [{field: spec}]}}",
    );
    let folder = folder().file("a.suite.yaml", &wrong);
    test(&folder, &["--format", "table"]).assert().code(2).stderr("").stdout(
        "SUITE         PASSED  FAILED  UNDECIDED
a.suite.yaml  0       2       0

a.suite.yaml:4:3 good: failed
  - verdict: denied
  + verdict: allowed

a.suite.yaml:7:3 bad: failed
    verdict: denied
    checks:
  -   - hostPorts
  +   - hostNamespaces
    output:
      violations:
  -     - field: spec
  +     - field: spec.hostNetwork
",
    );
    let bad = test(&folder, &["--filter", "bad"]).assert().code(2);
    let bad: Value = serde_json::from_slice(&bad.get_output().stdout).unwrap();
    assert_eq!(
        bad["differences"],
        json!([
            {"expectation": "checks", "line": 9, "column": 38, "message": "check `hostPorts` does not deny: expected it to"},
            {"expectation": "checks", "line": 9, "column": 37, "message": "check `hostNamespaces` denies, which is not expected"},
            {"expectation": "output.violations[0].field", "line": 9, "column": 80, "message": "`output.violations[0].field` is `\"spec.hostNetwork\"`: expected `\"spec\"`"},
        ])
    );
}

#[test]
fn error_outranks_a_failed_case_and_the_other_suites_run() {
    let undecided = "policy: pod-security-baseline\ncases:\n- name: odd\n  input: {kind: Pod, spec: 7}\n  expect: allowed\n- name: expected\n  input: {kind: Pod, spec: 7}\n  expect: {error: the number `7`}\n";
    let folder = folder()
        .file("a.suite.yaml", "policy: nobody\ncases: []\n")
        .file("b.suite.yaml", &SUITE.replace("expect: allowed", "expect: denied"))
        .file("c.suite.yaml", undecided);
    test(&folder, &["--format", "table"])
        .assert()
        .code(1)
        .stderr("error: `a.suite.yaml` line 2 column 8: `cases` has none\n")
        .stdout(
            "SUITE         PASSED  FAILED  UNDECIDED
b.suite.yaml  1       1       0
c.suite.yaml  1       0       1

b.suite.yaml:4:3 good: failed
  - verdict: denied
  + verdict: allowed

c.suite.yaml:3:3 odd: undecided
  `c.suite.yaml` line 4 column 28: expected an object, found the number `7`, at `spec`
",
        );
    test(&folder, &["missing.yaml", "b.suite.yaml", "--filter", "bad"])
        .assert()
        .code(1)
        .stderr("error: failed to read `missing.yaml`: No such file or directory (os error 2)\n");
}

#[test]
fn init_takes_each_file_once_and_no_standard_input() {
    let folder = Folder::new().file("pods/good.yaml", GOOD);
    let init =
        |paths: &[&str]| test(&folder, &[&["--init", "pod-security-baseline"][..], paths].concat());
    let wrote = "wrote `pods/pod-security-baseline.suite.yaml`: 1 cases, 1 allowed, 0 denied, \
                 0 without a verdict\n";
    init(&["pods", "pods/good.yaml"]).assert().code(0).stdout(wrote);
    test(&folder, &[]).assert().code(0);
    init(&["-"]).assert().code(64).stderr(
        "error: standard input is no file that a suite could name\n\
         help: name files, or a folder of them\n",
    );
}

#[test]
fn init_writes_a_suite_of_todays_verdicts() {
    let many = format!("{GOOD}---\n{BAD}---\nkind: Pod\nspec: 7\n");
    let folder = Folder::new()
        .file("pods/many.yaml", &many)
        .file("pods/in/no: .json", r#"{"kind": "ConfigMap"}"#);
    let init = ["--init", "pod-security-baseline@0.1", "pods", "--set", "version=v1.30"];
    let path = "pods/pod-security-baseline.suite.yaml";
    test(&folder, &init)
        .assert()
        .code(0)
        .stderr("")
        .stdout(format!("wrote `{path}`: 4 cases, 2 allowed, 1 denied, 1 without a verdict\n"));
    let text = fs::read_to_string(folder.path().join(path)).unwrap();
    let (head, cases) = text.split_once("cases:\n").unwrap();
    assert!(
        head.ends_with(
            "policy: pod-security-baseline@0.1\nsettings: {\"version\":\"v1.30\"}\nfiles:\n  - \".\"\n"
        ),
        "{head}"
    );
    assert_eq!(
        cases,
        "  - name: \"in/no: .json\"
    object: \"in/no: .json\"
    expect: allowed
  - name: many.yaml 1
    object: many.yaml
    document: 1
    expect: allowed
  - name: many.yaml 2
    object: many.yaml
    document: 2
    expect:
      verdict: denied
      checks:
        - hostNamespaces
  - name: many.yaml 3
    object: many.yaml
    document: 3
    expect:
      error: \"expected an object, found the number `7`, at `spec`\"
"
    );
    test(&folder, &["pods"]).assert().code(0);
    test(&folder, &init).assert().code(1).stdout("").stderr(format!(
        "error: failed to write `{path}`: File exists (os error 17)\n\
         help: remove it, or name another file with `--output`\n"
    ));
    // A manifest that is added later is in no case.
    fs::write(folder.path().join("pods/new.yaml"), GOOD).unwrap();
    test(&folder, &["pods"]).assert().code(1).stderr(format!(
        "error: `{path}` line 6 column 5: `pods/new.yaml` is in no case: write one, or leave it \
         out of `files`\n"
    ));
    test(&folder, &["--init", "echo"]).assert().code(64).stderr(
        "error: `--init` writes a suite from files, and none is named\n\
         help: name files, or a folder of them\n",
    );
    test(&folder, &["--set", "a=1"]).assert().code(64).stderr(
        "error: `--settings`, `--set` and `--output` are for `--init`\n\
         help: a suite has the settings of its cases in it\n",
    );
    let printed = test(&folder, &["--init", "echo", "pods/new.yaml", "--output", "-"]).assert();
    let printed = String::from_utf8(printed.code(0).get_output().stdout.clone()).unwrap();
    assert!(printed.contains("files:\n  - pods/new.yaml\n"), "{printed}");
}

#[test]
fn coverage_below_the_threshold_exits_with_2() {
    let folder = folder().file("a.suite.yaml", SUITE);
    let covered = test(&folder, &["--coverage"]).assert().code(0).stderr("");
    let covered = String::from_utf8(covered.get_output().stdout.clone()).unwrap();
    let last: Value = serde_json::from_str(covered.lines().last().unwrap()).unwrap();
    assert_eq!(last["coverage"]["covered"], 1);
    assert_eq!(
        last["coverage"]["checks"][2],
        json!({"policy": "pod-security-baseline", "version": "0.1.0", "check": "hostNamespaces", "allowed": 1, "denied": 1})
    );
    test(&folder, &["--min-coverage", "8", "--format", "markdown"]).assert().code(0);
    let few = test(&folder, &["--min-coverage", "9", "--format", "table"]).assert().code(2);
    let few = few.stderr(
        "error: 1 of 12 checks are covered (8%): expected 9%\n\
         help: a check is covered by a case that it denies, and one that is allowed\n",
    );
    let few = String::from_utf8(few.get_output().stdout.clone()).unwrap();
    assert!(
        few.contains(
            "pod-security-baseline@0.1.0  hostNamespaces              1        1       yes\n"
        ),
        "{few}"
    );
    assert!(few.ends_with("1 of 12 checks are covered (8%)\n"), "{few}");
}

/// The reports as programs read them that others wrote.
#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn reports_of_suites_are_read_by_other_programs() {
    let folder = folder()
        .file("a.suite.yaml", &SUITE.replace("expect: allowed", "expect: denied"))
        .file("b.suite.yaml", "policy: echo\n");
    for format in ["junit", "sarif", "tap", "markdown"] {
        let ran = test(&folder, &["--format", format]).assert().code(1);
        fs::write(folder.path().join(format), &ran.get_output().stdout).unwrap();
    }
    let read = read_reports(&folder);
    assert_eq!(
        read["sarif"],
        json!([{
            "rule": "pod-security-baseline",
            "message": "verdict: the verdict is `allowed`: expected `denied`",
            "uri": "a.suite.yaml", "line": 6, "column": 11,
        }])
    );
    assert_eq!(
        read["sarif-failures"],
        json!(["`b.suite.yaml` line 1 column 1: the suite has no `cases`"])
    );
    assert_eq!(read["junit"]["counts"], json!([3, 1, 1]));
    assert_eq!(read["tap"].as_array().unwrap().len(), 3);
    assert_eq!(read["markdown-rows"], 2);
    test(&folder, &["--format", "github", "a.suite.yaml"]).assert().code(2).stdout(
        "::error file=a.suite.yaml,line=6,col=11,title=pod-security-baseline@0.1.0::verdict: the \
         verdict is `allowed`: expected `denied`\n",
    );
}

/// Each policy here has a suite beside it.
#[test]
fn suites_of_the_policies_here_pass_and_reach_every_check() {
    let ran = engine(&["test", "policies", "--format", "table", "--coverage"])
        .current_dir(root())
        .assert()
        .code(0);
    let printed = String::from_utf8(ran.get_output().stdout.clone()).unwrap();
    let missed: Vec<_> = printed.lines().filter(|line| line.ends_with("  no")).collect();
    assert_eq!(missed, [""; 0], "{printed}");
    for policy in fs::read_dir(root().join("policies")).unwrap() {
        let folder = policy.unwrap().path();
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap_or_default();
        let is_policy = library.lines().any(|line| line.starts_with("policy_api::register!"));
        let name = folder.strip_prefix(root()).unwrap().display().to_string();
        assert!(!is_policy || printed.contains(&format!("\n{name}/")), "{name}: {printed}");
    }
}

#[test]
fn case_that_does_not_end_is_undecided_and_the_others_are_run() {
    let folder = folder().file(
        "a.suite.yaml",
        "policy: stress\ncases:\n\
         - {name: a, input: {do: spin, ms: 600000}, expect: allowed}\n\
         - {name: b, input: {do: sleep, ms: 600000}, expect: {error: timed out}}\n\
         - {name: c, input: {do: spin, ms: 1}, expect: allowed}\n",
    );
    let arguments = ["--timeout", "400ms", "--jobs", "1", "--format", "table"];
    let done = test(&folder, &arguments).assert().code(1);
    let table = String::from_utf8(done.get_output().stdout.clone()).unwrap();
    let timed_out = "timed out: there was no answer within 400ms; allow more with `--timeout`";
    assert_eq!(table.matches(timed_out).count(), 2, "{table}");
    assert!(table.contains("a.suite.yaml  1       0       2"), "{table}");
    test(&folder, &["--timeout", "soon"]).assert().code(64);
    test(&folder, &["--allocation-budget", "all"]).assert().code(64);
}
