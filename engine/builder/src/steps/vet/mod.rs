//! Vetting: forbidden capabilities of policy crates, found before they are compiled.
//!
//! First what can be told without running anything of theirs: [`manifests`] (build scripts,
//! procedural macros), [`dependencies`] (allow and deny lists) and [`advisories`] (known
//! vulnerabilities). Then what they do themselves: [`code`] has Clippy say where they use what
//! [`std_paths`] lists, and [`dep_info`] which files and variables they were compiled with. [`rules`]
//! is what `policies.toml` says of all that, and [`report`] what people and programs read.
//!
//! It is no sandbox: it shows what the crates of the folder do, not what they have others do.

mod advisories;
mod code;
mod dep_info;
mod dependencies;
mod finding;
mod manifests;
mod outcome;
mod report;
mod rules;
mod std_paths;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use outcome::VetOutcome;
pub(crate) use rules::{Rules, RulesError};

use crate::steps::compile::CompileError;
use crate::steps::discover::Policies;
use crate::steps::workspace::Workspace;
use advisories::Database;
use policy_cargo::Target;
use policy_cargo::lockfile::{Lock, LockError};
use policy_host::progress::Progress;

/// The subject of vetting: a workspace whose lock is complete, and what it was made of.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) policies: &'a Policies,
    pub(crate) target: &'a Target,
}

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
    Ok(VetOutcome::new(findings, rules, notes))
}

/// An error of vetting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VetError {
    #[error("{0}")]
    Found(String),
    #[error("failed to vet the policies: {0}")]
    Lock(#[from] LockError),
    #[error(transparent)]
    Check(#[from] CompileError),
    #[error(
        "`{}` is no advisory database: expected a folder with `crates` in it, as in a checkout of \
         github.com/RustSec/advisory-db", .0.display()
    )]
    NoDatabase(PathBuf),
    #[error("advisory `{}` is not as RustSec writes them: {reason}", path.display())]
    Advisory { path: PathBuf, reason: String },
    #[error("failed to vet the policies: {0}")]
    Files(#[from] io::Error),
}
