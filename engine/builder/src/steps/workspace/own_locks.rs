use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::GenerateError;
use crate::steps::discover::{Policies, PolicyCrate};
use policy_cargo::lockfile::Lock;

/// The policies' own locks, by their files.
pub(super) type Locks = BTreeMap<PathBuf, Lock>;

pub(super) fn locks_of(policies: &Policies, engines: &Path) -> Result<Locks, GenerateError> {
    let mut locks = Locks::new();
    for path in
        policies.crates.iter().flat_map(|policy_crate| lock_files_of(policy_crate, policies))
    {
        if !locks.contains_key(&path) && !same_file(&path, engines) {
            let lock = Lock::read(&path)?;
            locks.insert(path, lock);
        }
    }
    Ok(locks)
}

/// The places of a crate's lock: at the root of the policies folder, in the crate itself, and in
/// the workspace that it belongs to.
pub(super) fn lock_files_of(policy_crate: &PolicyCrate, policies: &Policies) -> Vec<PathBuf> {
    let workspace =
        policy_crate.manifest.workspace.as_ref().map(|policy_crate| policy_crate.folder.as_path());
    let folders = [Some(policies.root.as_path()), Some(policy_crate.manifest.folder()), workspace];
    let files = folders.into_iter().flatten().map(|folder| folder.join("Cargo.lock"));
    files.filter_map(|file| fs_err::canonicalize(file).ok()).collect()
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs_err::canonicalize(a), fs_err::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}
