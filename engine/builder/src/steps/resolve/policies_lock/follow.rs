//! Comparing a build with `policies.lock`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{PackageChange, changes};
use crate::steps::discover::{POLICIES_LOCK, Policies, policies_lock_path};
use crate::steps::engine::PROGRAM;
use crate::steps::workspace::{Extent, Workspace};
use policy_cargo::lockfile::{Lock, Package};
use policy_host::progress::Progress;

/// The number of changes that are printed.
const TOLD: usize = 8;

/// The distance that a build may keep from `policies.lock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// It has to be there and to fit.
    Required,
    /// It has to fit where it is there: the default where `CI` is set.
    Kept,
    /// The versions that it lacks are chosen now.
    Free,
}

/// Checks, before any work, that there is a lock where one is required.
pub(crate) fn check_is_there(policies: &Path, locked: Locked) -> Result<(), LockedError> {
    let path = policies_lock_path(policies);
    // Without the folder there is something else to say.
    if locked == Locked::Required && policies.is_dir() && !path.exists() {
        return Err(LockedError::Missing { path });
    }
    Ok(())
}

/// Compares what was resolved with what `policies.lock` says, or tells what is in no lock.
///
/// # Errors
/// When it differs and may not.
pub(crate) fn follow(
    policies: &Policies,
    workspace: &Workspace,
    resolved: &Lock,
    locked: Locked,
    progress: &Progress,
) -> Result<(), LockedError> {
    let Some(lock) = &policies.pins.lock else {
        tell_unpinned(policies, workspace, resolved, locked, progress);
        return Ok(());
    };
    let mut changes = changes(lock, resolved);
    changes.retain(|change| counts(change, workspace));
    if changes.is_empty() {
        return Ok(());
    }
    let path = policies_lock_path(&policies.root);
    let differing = told(&changes);
    if locked == Locked::Free {
        progress.line(&format!(
            "note: `{}` is stale ({differing}): what it lacks was chosen now; `policy-builder lock` \
             writes it anew",
            path.display()
        ));
        return Ok(());
    }
    Err(LockedError::Stale { path, differing })
}

/// Checks whether a change makes the lock stale. The packages that only the engine is linked with
/// go with the features that it is built with; its own lock pins that.
fn counts(change: &PackageChange, workspace: &Workspace) -> bool {
    let is_pinned = |pins: &[Package]| pins.iter().any(|pin| pin.is(change.package()));
    match change {
        // The generated program has the engine's version.
        _ if change.package().name == PROGRAM => false,
        PackageChange::Added(_) => {
            workspace.extent == Extent::Libraries && !is_pinned(&workspace.engine_pins)
        }
        PackageChange::Removed(_) => !is_pinned(&workspace.engine_lock),
        PackageChange::Moved { .. } => true,
    }
}

/// The first changes, on one line.
fn told(changes: &[PackageChange]) -> String {
    let mut told = String::new();
    for (number, change) in changes.iter().take(TOLD).enumerate() {
        let between = if number == 0 { "" } else { ", " };
        let _ = write!(told, "{between}{change}");
    }
    match changes.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

fn tell_unpinned(
    policies: &Policies,
    workspace: &Workspace,
    resolved: &Lock,
    locked: Locked,
    progress: &Progress,
) {
    let chosen = resolved.pins().filter(|package| !workspace.pins(package));
    let chosen: Vec<_> =
        chosen.map(|package| format!("{} {}", package.name, package.version)).collect();
    if chosen.is_empty() {
        return;
    }
    let loud = if locked == Locked::Kept { "warning: in CI without a lock:" } else { "note:" };
    progress.line(&format!(
        "{loud} no lock pins {}: took versions that fit, those at hand first; `policy-builder lock` \
         pins the newest in `{}`",
        chosen.join(", "),
        policies.root.join(POLICIES_LOCK).display()
    ));
}

/// An error about `policies.lock`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockedError {
    #[error(
        "there is no `{}`, and `--locked` requires it\nhelp: run `policy-builder lock`", path.display()
    )]
    Missing { path: PathBuf },
    #[error(
        "`{}` is stale, and this build is locked; changes to what policies and engine ask for now: \
         {differing}\nhelp: write it anew with `policy-builder lock`, or build without it with \
         `--locked=false`",
        path.display()
    )]
    Stale { path: PathBuf, differing: String },
}
