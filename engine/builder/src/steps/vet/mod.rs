//! Vetting: forbidden capabilities of policy crates, found before they are compiled.
//!
//! First what can be told without running anything of theirs: [`manifests`] (build scripts,
//! procedural macros), [`dependencies`] (allow and deny lists) and [`advisories`] (known
//! vulnerabilities). Then what they do themselves: [`code`] has Clippy say where they use what
//! [`std_paths`] lists, and [`dep_info`] which files and variables they were compiled with. [`rules`]
//! is what `policies.toml` says of all that, [`report`] what people and programs read, and [`cases`] the same as a report for CI.
//!
//! It is no sandbox: it shows what the crates of the folder do, not what they have others do.

mod advisories;
mod cases;
mod code;
mod dep_info;
mod dependencies;
mod error;
mod exploitability;
mod finding;
mod manifests;
mod outcome;
mod report;
mod rules;
mod std_paths;
mod subject;

use std::path::Path;

pub(crate) use outcome::VetOutcome;
pub(crate) use rules::{Rules, RulesError};

use advisories::Database;
pub(crate) use error::VetError;
pub(crate) use exploitability::{AllowedVulnerability, allowed_vulnerabilities};
use policy_cargo::lockfile::Lock;
use policy_host::progress::Progress;
pub(crate) use subject::Subject;

/// The options of vetting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VetOptions<'a> {
    /// A copy of `RustSec`'s advisory database, where the user names one.
    pub(crate) advisory_db: Option<&'a Path>,
}

/// Vets the crates of a policies folder, in a work folder that compiling them has in common.
pub(crate) fn vet(
    subject: Subject<'_>,
    rules: &Rules,
    options: VetOptions<'_>,
    work: &Path,
    progress: &Progress,
) -> Result<VetOutcome, VetError> {
    let lock = Lock::read(&subject.workspace.root.join("Cargo.lock"))?;
    let mut notes = Vec::new();
    let mut findings = manifests::check(subject.policies, &lock);
    findings.extend(dependencies::check(subject.policies, &lock, &rules.dependencies));
    match Database::locate(options.advisory_db)? {
        Some(database) => {
            let (vulnerabilities, more) = database.check(subject.policies, &lock)?;
            findings.extend(vulnerabilities);
            notes.extend(more);
        }
        None => notes.push(advisories::NONE.to_owned()),
    }
    if options.advisory_db.is_none() && rules.advisories().next().is_some() {
        notes.push(exploitability::NONE.to_owned());
    }
    // Their build scripts, and their macros, would run on this machine while the rest is checked.
    let runs =
        |found: &&finding::Finding| found.what.may_run_when_compiled() && !rules.allow_it(found);
    if findings.iter().any(|finding| runs(&finding)) {
        notes.push(
            "what the crates' own code does was not looked at: that would run, on this machine, \
             what is found here"
                .to_owned(),
        );
    } else {
        findings.extend(code::check(subject, work, progress)?);
    }
    let crates = manifests::linked(subject.policies, &lock);
    let crates = crates.map(|linked| (linked.name.clone(), linked.manifest.path.clone())).collect();
    Ok(VetOutcome::new(crates, findings, rules, notes))
}
