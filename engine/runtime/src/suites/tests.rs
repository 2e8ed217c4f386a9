use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use policy_api::{Check, Registration};
use tempfile::TempDir;

use super::{Coverage, Judgement, Suite, read, run};
use crate::documents::Source;
use crate::policies::{Budget, EvaluationLimits, Registry};
use crate::testing;

const CHECKS: &[Check] = &[Check::new("age", "It is young"), Check::new("size", "It is small")];

/// Longer than anything takes.
const LIMITS: EvaluationLimits = EvaluationLimits {
    timeout: Duration::from_mins(1),
    budget: Budget { allocation: None, cpu: None },
};

/// `pods` answers with its input, and has two checks; `plain` has none.
fn registry() -> Registry {
    let pods: Registration = testing::registration("pods", "1.2.0").checks(CHECKS);
    Registry::from_registrations([pods, testing::registration("plain", "1.0.0")]).unwrap()
}

/// Reads a suite that stands beside these files.
fn suite_beside(files: &[(&str, &str)], text: &str) -> Result<Suite, String> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let path = folder.path().join("a.suite.yaml");
    let read = read(&Source::new(path.display().to_string(), text), &registry());
    read.map_err(|errors| {
        let prefix = format!("{}/", folder.path().display());
        let canonical = format!("{}/", folder.path().canonicalize().unwrap().display());
        errors.to_string().replace(&prefix, "").replace(&canonical, "")
    })
}

fn errors(files: &[(&str, &str)], text: &str) -> String {
    suite_beside(files, text).err().unwrap()
}

/// What came of the cases: a line each, and the diffs.
fn outcome(files: &[(&str, &str)], text: &str) -> String {
    let suite = suite_beside(files, text).unwrap_or_else(|errors| panic!("{errors}"));
    let cases: Vec<_> = suite.cases.iter().collect();
    let mut told = String::new();
    for (case, result) in cases.iter().zip(run(&cases, 2, LIMITS).unwrap()) {
        match result.judgement {
            Judgement::Passed => writeln!(told, "{}: passed", case.name).unwrap(),
            Judgement::Undecided(error) => {
                writeln!(told, "{}: undecided: {error}", case.name).unwrap();
            }
            Judgement::Failed(differences) => {
                writeln!(told, "{}: failed\n{}", case.name, differences.diff().join("\n")).unwrap();
            }
        }
    }
    told
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let files = [("two.yaml", "a: 1\n---\nb: 1\n"), ("broken.json", "{"), ("one.yaml", "a: 1\n")];
    let text = "
policy: pots
settings: {refuse: 1}
file: []
files: [one.yaml, two.yaml, nowhere, 7]
cases:
- nam: a
  input: 1
  expect: maybe
- {name: b, policy: pods, settings: no.yaml, input: 1, file: one.yaml, expect: {}}
- {name: b, policy: pods, settings: {}, file: two.yaml, document: 3, expect: {checks: [agee, age, age]}}
- {name: c, policy: pods@1, settings: {}, file: two.yaml, expect: {verdict: allowed, checks: [size]}}
- name: d
  policy: plain
  settings: {}
  object: {}
  operation: UPDATE
  request: {operation: x}
  expect: {verdict: allowed, output: {allowed: false}}
- {name: e, policy: plain, settings: {refuse: true}, input: 1, document: 1, expect: {error: x, verdict: denied}}
- {name: f, policy: plain, settings: {}, file: broken.json, labels: {a: 1}, expect: {output: {}}}
- {name: g, policy: plain, settings: {}, operation: GET, oldObject: {}, expect: {checks: {include: [x], exclude: [x]}, verdict: denied}}
- {policy: pods, settings: {}, input: 1, operation: CREATE, expect: {patch: {}}}
";
    assert_eq!(errors(&files, text) + "\n", include_str!("golden/mistakes.txt"));
}

#[test]
fn inputs_are_inline_or_of_files_or_reviews() {
    let files = [
        ("in/many.yaml", "allowed: false\n---\nallowed: true\n"),
        ("in/pod.json", r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}"#),
        ("settings.yaml", "refuse: false\n"),
    ];
    let text = "
policy: pods@1.2
settings: settings.yaml
labels: {team: a}
files: [in]
cases:
- {name: inline, input: {allowed: false}, expect: denied}
- {name: null, input: null, expect: none}
- {name: first, file: in/many.yaml, document: 1, expect: denied}
- {name: second, file: ./in/many.yaml, document: 2, expect: allowed}
- {name: created, object: in/pod.json, expect: {output: {request: {operation: CREATE, oldObject: null, object: {metadata: {name: a}}}}}}
- {name: changed, object: {kind: Pod, x: 1}, oldObject: in/pod.json, expect: {output: {request: {operation: UPDATE, object: {x: 1}}}}}
- {name: removed, oldObject: {kind: Pod}, request: {userInfo: {username: eve}}, expect: {output: {request: {operation: DELETE, object: null, userInfo: {username: eve}}}}}
- {name: connected, object: {}, operation: CONNECT, expect: {output: {request: {operation: CONNECT}}}}
- {name: labels, input: label, expect: {output: a}}
- {name: own labels, labels: {team: b}, input: label, expect: {output: b}}
- {name: other policy, policy: plain, settings: {}, input: 1, expect: {output: 1}}
";
    let told = outcome(&files, &text.replace("name: null", "name: \"null\""));
    assert!(told.lines().all(|line| line.ends_with(": passed")), "{told}");
    assert_eq!(told.lines().count(), 11);
}

#[test]
fn answers_are_compared_with_what_is_expected() {
    let text = r#"
policy: pods
cases:
- {name: verdict, input: true, expect: denied}
- {name: no verdict, input: 7, expect: allowed}
- {name: checks, input: {allowed: false, violations: [{check: age, message: old}]}, expect: {checks: [size]}}
- {name: no checks, input: {allowed: false, violations: [{check: age, message: old}]}, expect: {checks: []}}
- {name: among, input: {allowed: false, violations: [{check: age, message: old}]}, expect: {checks: {include: [size], exclude: [age]}}}
- {name: fine, input: {allowed: false, violations: [{check: age, message: old}]}, expect: {checks: {include: [age], exclude: [size]}}}
- {name: error, input: 1, expect: {error: asked}}
- {name: right error, input: fail, expect: {error: asked to}}
- {name: other error, input: fail, expect: {error: to asked}}
- {name: failed, input: fail, expect: none}
- {name: panicked, input: panic, expect: {error: "panicked: asked to panic"}}
- {name: patch, input: {allowed: true, patch: [{op: add, path: /a, value: 1}]}, expect: {patch: [{op: add, path: /b}]}}
- {name: no patch, input: {allowed: true, patch: null}, expect: {patch: []}}
"#;
    assert_eq!(
        outcome(&[], text),
        "\
verdict: failed
- verdict: denied
+ verdict: allowed
no verdict: failed
- verdict: allowed
+ verdict: none
checks: failed
  checks:
-   - size
+   - age
no checks: failed
  checks:
+   - age
among: failed
  checks.include:
-   - size
+ checks.exclude: age
fine: passed
error: failed
- error: asked
+ error: \"none: the verdict is `none`\"
right error: passed
other error: failed
- error: to asked
+ error: asked to fail
failed: undecided: asked to fail
panicked: passed
patch: failed
  patch:
    - op: add
-     path: /b
+     path: /a
no patch: passed
"
    );
}

#[test]
fn coverage_counts_cases_that_passed() {
    let text = "
policy: pods
cases:
- {name: a, input: true, expect: allowed}
- {name: b, input: {allowed: false, violations: [{check: age, message: x}]}, expect: denied}
- {name: c, input: {allowed: false, violations: [{check: size, message: x}]}, expect: allowed}
- {name: d, policy: plain, input: false, expect: denied}
";
    let suite = suite_beside(&[], text).unwrap_or_else(|errors| panic!("{errors}"));
    let cases: Vec<_> = suite.cases.iter().collect();
    let results = run(&cases, 1, LIMITS).unwrap();
    let coverage = Coverage::new(cases.iter().copied().zip(&results));
    let rows: Vec<_> = coverage
        .checks
        .iter()
        .map(|row| (row.policy, row.check, row.allowed, row.denied))
        .collect();
    assert_eq!(
        rows,
        [("plain", None, 0, 1), ("pods", Some("age"), 1, 1), ("pods", Some("size"), 1, 0)]
    );
    assert_eq!((coverage.covered, coverage.percent()), (1, 33));
    assert_eq!((coverage.reaches(33), coverage.reaches(34)), (true, false));
}
