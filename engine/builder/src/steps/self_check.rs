//! Comparing what a program reports with its build plan.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::steps::workspace::BuildPlan;
use policy_cargo::Target;
use policy_host::progress::Progress;
use policy_host::signals;

/// One policy, as the binary's `list --format json` reports it and as the image's label holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reported {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(rename = "crate")]
    pub(crate) crate_name: String,
}

/// Checks that a program reports what its build plan says, and returns that.
///
/// One for another processor is asked as well where it starts, as it does under an emulator. Where
/// it does not, `elsewhere` stands for what it would say: what a program of the same sources for
/// another target reports. `None` where there is neither.
pub(crate) fn check(
    program: &Path,
    target: &Target,
    plan: &BuildPlan,
    elsewhere: Option<&[Reported]>,
    progress: &Progress,
) -> Result<Option<Vec<Reported>>, SelfCheckError> {
    let reported = match reported_by(program) {
        Err(SelfCheckError::NotStarted { .. }) if !target.runs_here() => {
            elsewhere.map(<[_]>::to_vec)
        }
        reported => Some(reported?),
    };
    let Some(reported) = reported else {
        progress.line(&format!(
            "note: programs for {} do not start here, so what this one reports is not compared \
             with what was asked for",
            target.triple
        ));
        return Ok(None);
    };
    compare(plan, &reported).map(|()| Some(reported))
}

/// Asks a program for its policies.
pub(crate) fn reported_by(binary: &Path) -> Result<Vec<Reported>, SelfCheckError> {
    let mut command = Command::new(binary);
    command.args(["list", "--format", "json"]).env_clear();
    let output = signals::output(&mut command)
        .map_err(|error| SelfCheckError::NotStarted { binary: binary.to_owned(), error })?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(SelfCheckError::Refused(words.trim_start_matches("error: ").to_owned()));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| SelfCheckError::NotUnderstood { binary: binary.to_owned(), error })
}

/// Checks that every crate of the plan registered a policy, and no other did.
fn compare(plan: &BuildPlan, reported: &[Reported]) -> Result<(), SelfCheckError> {
    let wanted: BTreeSet<_> = plan.policies.iter().map(|policy| policy.name.as_str()).collect();
    let found: BTreeSet<_> = reported.iter().map(|policy| policy.crate_name.as_str()).collect();
    if let Some(name) = wanted.difference(&found).next() {
        return Err(SelfCheckError::Missing { name: (*name).to_owned() });
    }
    if let Some(name) = found.difference(&wanted).next() {
        return Err(SelfCheckError::Unasked { name: (*name).to_owned() });
    }
    Ok(())
}

/// An error of checking what a program reports.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SelfCheckError {
    #[error("failed to start the compiled program `{}`: {error}", binary.display())]
    NotStarted { binary: PathBuf, error: io::Error },
    #[error("the compiled program refuses its policies: {0}")]
    Refused(String),
    #[error("failed to read what the compiled program `{}` lists: {error}", binary.display())]
    NotUnderstood { binary: PathBuf, error: serde_json::Error },
    #[error(
        "policy crate `{name}` is linked, but registered nothing: the linker dropped its \
         policies\nhelp: build with another linker, and report this"
    )]
    Missing { name: String },
    #[error(
        "crate `{name}` registers policies, but is not one of the policy crates\nhelp: have it in \
         the policies folder, depending on `policy-api` itself"
    )]
    Unasked { name: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::workspace::PlannedCrate;

    fn result(plan: &[&str], reported: &[&str]) -> Result<(), String> {
        let policies = plan.iter().map(|name| PlannedCrate {
            name: (*name).to_owned(),
            version: "1.0.0".into(),
            folder: (*name).to_owned(),
        });
        let plan = BuildPlan {
            engine: "1.0.0".into(),
            api: "1.0.0".into(),
            features: Vec::new(),
            target: "x86_64-unknown-linux-musl".into(),
            revision: None,
            policies: policies.collect(),
            fetched: Vec::new(),
            grants: Vec::new(),
            advisories: Vec::new(),
        };
        let reported: Vec<_> = reported
            .iter()
            .map(|name| Reported {
                name: format!("{name}-policy"),
                version: "1.0.0".into(),
                crate_name: (*name).to_owned(),
            })
            .collect();
        compare(&plan, &reported).map_err(|error| error.to_string())
    }

    #[test]
    fn unregistered_crate_is_named() {
        assert_eq!(result(&["a", "b"], &["b", "a", "a"]), Ok(()));
        assert_eq!(
            result(&["a", "b"], &["b"]).unwrap_err(),
            "policy crate `a` is linked, but registered nothing: the linker dropped its \
             policies\nhelp: build with another linker, and report this"
        );
    }

    #[test]
    fn unexpected_registered_crate_is_named() {
        assert_eq!(
            result(&["a"], &["a", "c"]).unwrap_err(),
            "crate `c` registers policies, but is not one of the policy crates\nhelp: have it in \
             the policies folder, depending on `policy-api` itself"
        );
    }
}
