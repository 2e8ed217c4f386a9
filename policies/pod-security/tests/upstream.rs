//! Decides as Kubernetes' own Pod Security admission does, on its own cases.
//!
//! They are no part of this repository: the folder is `../shared/pod-security` beside it, or what
//! the environment variable `POD_SECURITY_CASES` names. In it, `LEVEL/VERSION/pass/*.yaml` are to
//! be allowed and `LEVEL/VERSION/fail/*.yaml` denied, by the check that the file is named for.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic as the test itself may"
)]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pod_security::{Baseline, Restricted};
use policy_api::decide;
use serde_json::Value;

/// So many that no part of the cases can be missing unnoticed.
const AT_LEAST: usize = 800;

/// A baseline check, and the restricted one that stands in for it.
const OVERRIDDEN: [(&str, &str); 4] = [
    ("capabilities_baseline", "capabilities_restricted"),
    ("hostpathvolumes", "restrictedvolumes"),
    ("procmount", "procmount_restricted"),
    ("seccompprofile_baseline", "seccompprofile_restricted"),
];

#[test]
fn every_upstream_case_is_decided_as_upstream() {
    let folder = std::env::var_os("POD_SECURITY_CASES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pod-security"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        say(&format!("SKIPPED: no upstream cases of Pod Security at `{}`", folder.display()));
        return;
    }
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
    say(&format!("{count} upstream cases of Pod Security"));
}

/// Past the harness, which shows nothing of a test that passes: a skip must not go unnoticed.
fn say(message: &str) {
    io::stderr().write_all(format!("{message}\n").as_bytes()).unwrap();
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
