use std::path::{Path, PathBuf};

use policy_cargo::Pins;
use policy_cargo::lockfile::{Lock, LockError};

/// The file's name.
pub(crate) const POLICIES_LOCK: &str = "policies.lock";

/// The place of the lock of a policies folder.
pub(crate) fn policies_lock_path(policies: &Path) -> PathBuf {
    policies.join(POLICIES_LOCK)
}

/// Reads the lock of a policies folder, where it has one.
pub(crate) fn read_policies_lock(policies: &Path) -> Result<Option<Lock>, LockError> {
    let path = policies_lock_path(policies);
    // A broken link is an error rather than no lock.
    if fs_err::symlink_metadata(&path).is_err() { Ok(None) } else { Lock::read(&path).map(Some) }
}

/// The pins of a build: `policies.lock`, or the crates' own locks where there is none.
pub(super) fn pins(policies: &Path) -> Result<Pins, LockError> {
    Ok(Pins::from_lock(read_policies_lock(policies)?))
}
