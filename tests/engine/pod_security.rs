//! The policies of `pod-security` decide as Kubernetes' own Pod Security admission does, on its own
//! cases.
//!
//! They are no part of this repository: the folder is `../shared/pod-security` beside it, or what
//! the environment variable `POD_SECURITY_CASES` names. In it, `LEVEL/VERSION/pass/*.yaml` are to
//! be allowed and `LEVEL/VERSION/fail/*.yaml` denied, by the check that the file is named for.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pod_security::{Baseline, Restricted};
use policy_api::decide;
use serde_json::Value;

use crate::support::{Folder, stress_engine};

/// The folder of the cases, which `tests/build.rs` found.
const CASES: Option<&str> = option_env!("POLICY_TESTS_UPSTREAM_CASES");

/// A number of cases that no part of them can be missing from unnoticed.
const AT_LEAST: usize = 800;

/// A baseline check, and the restricted one that stands in for it.
const OVERRIDDEN: [(&str, &str); 4] = [
    ("capabilities_baseline", "capabilities_restricted"),
    ("hostpathvolumes", "restrictedvolumes"),
    ("procmount", "procmount_restricted"),
    ("seccompprofile_baseline", "seccompprofile_restricted"),
];

#[test]
#[cfg_attr(not(has_upstream_cases), ignore = "needs upstream's cases of Pod Security")]
fn pod_security_agrees_with_every_upstream_case() {
    let folder = Path::new(CASES.unwrap());
    let mut wrong = Vec::new();
    let mut count = 0;
    for level in ["baseline", "restricted"] {
        for version in entries(&folder.join(level)) {
            for expected in ["pass", "fail"] {
                for file in entries(&version.join(expected)) {
                    count += 1;
                    if let Err(reason) = judge(level, &name(&version), expected, &file) {
                        wrong.push(format!("{}: {reason}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= AT_LEAST, "only {count} cases at `{}`", folder.display());
}

/// The same by `policy-engine test`, as one suite of the files where they are.
#[test]
#[cfg_attr(not(has_upstream_cases), ignore = "needs upstream's cases of Pod Security")]
fn upstream_cases_pass_as_a_suite() {
    let cases = Path::new(CASES.unwrap()).canonicalize().unwrap();
    let mut suite =
        format!("files: [{:?}, {:?}]\ncases:\n", cases.join("baseline"), cases.join("restricted"));
    let mut count = 0;
    for level in ["baseline", "restricted"] {
        for version in entries(&cases.join(level)) {
            for expected in ["pass", "fail"] {
                for file in entries(&version.join(expected)) {
                    count += 1;
                    let (subject, version) = (name(&file), name(&version));
                    let expect = if expected == "pass" { "allowed" } else { "denied" };
                    writeln!(
                        suite,
                        "- {{name: {level}/{version}/{expected}/{subject}, policy: \
                         pod-security-{level}, settings: {{version: {version}}}, object: {file:?}, \
                         expect: {expect}}}"
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(count >= AT_LEAST, "only {count} cases at `{}`", cases.display());
    let folder = Folder::new().file("upstream.suite.yaml", &suite);
    let ran = stress_engine(&["test", "--format", "table", "--min-coverage", "80"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{printed}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(
        printed.contains(&format!("upstream.suite.yaml  {count}     0       0\n")),
        "{printed}"
    );
}

fn judge(level: &str, version: &str, expected: &str, file: &Path) -> Result<(), String> {
    let pod: Value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let settings = format!(r#"{{"version": "{version}"}}"#);
    let decided = match level {
        "baseline" => decide::<Baseline>(&settings, &pod.to_string()),
        _ => decide::<Restricted>(&settings, &pod.to_string()),
    };
    let output = decided.map_err(|error| error.to_string())?.output;
    let checks: Vec<String> = output["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["check"].as_str().unwrap().to_lowercase())
        .collect();
    let subject = name(file);
    let denied_for_it = checks.iter().any(|check| {
        let overridden = OVERRIDDEN.iter().find(|(_, by)| *by == check && level == "restricted");
        subject.starts_with(check) || overridden.is_some_and(|(id, _)| subject.starts_with(id))
    });
    match (expected, output["allowed"].as_bool()) {
        ("pass", Some(true)) => Ok(()),
        ("fail", Some(false)) if denied_for_it => Ok(()),
        _ => Err(output.to_string()),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
