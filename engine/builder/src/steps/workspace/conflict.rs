//! Locked versions that cannot be in one program.

use std::collections::BTreeMap;

use super::error::Conflict;
use super::own_locks::{Locks, lock_files_of};
use crate::steps::discover::{Policies, PolicyCrate};
use policy_cargo::lockfile::{Key, Lock, Package};
use policy_cargo::manifest::dependencies;

/// Checks that each crate gets what it asks for of what it was locked to. What is `settled` wins
/// anyway, by the engine or `policies.lock`: whether the policies do with that, Cargo finds out.
pub(super) fn check(
    policies: &Policies,
    locks: &Locks,
    highest: &BTreeMap<Key, Package>,
    settled: &BTreeMap<Key, Package>,
) -> Result<(), Box<Conflict>> {
    for policy_crate in &policies.crates {
        for dependency in dependencies(&policy_crate.manifest) {
            let Some(requirement) = dependency.version_req() else { continue };
            let own = locks_of(policy_crate, policies, locks).flat_map(Lock::pins);
            let own = own.filter(|pin| pin.is_from_registry() && pin.name == dependency.package);
            for locked in own.filter(|pin| requirement.matches(&pin.version)) {
                let key = locked.key();
                let chosen = highest
                    .get(&key)
                    .filter(|policy_crate| !requirement.matches(&policy_crate.version));
                if let Some(chosen) = chosen.filter(|_| !settled.contains_key(&key)) {
                    return Err(Box::new(Conflict {
                        role: policy_crate.role,
                        name: policy_crate.name.clone(),
                        package: dependency.package,
                        requirement,
                        locked: locked.version.clone(),
                        other: holder(chosen, policy_crate, policies, locks),
                        chosen: chosen.version.clone(),
                    }));
                }
            }
        }
    }
    Ok(())
}

fn locks_of<'a>(
    policy_crate: &PolicyCrate,
    policies: &Policies,
    locks: &'a Locks,
) -> impl Iterator<Item = &'a Lock> {
    lock_files_of(policy_crate, policies).into_iter().filter_map(|file| locks.get(&file))
}

/// Finds who is locked to a package: another crate, best one that depends on it itself, or else a
/// lock.
fn holder(package: &Package, besides: &PolicyCrate, policies: &Policies, locks: &Locks) -> String {
    let holds = |lock: &Lock| lock.pins().any(|pin| pin.is(package));
    let depends = |policy_crate: &PolicyCrate| {
        dependencies(&policy_crate.manifest)
            .iter()
            .any(|dependency| dependency.package == package.name)
    };
    let others = policies.crates.iter().filter(|policy_crate| policy_crate.name != besides.name);
    let others = others.filter(|other| locks_of(other, policies, locks).any(holds));
    if let Some(other) = others.max_by_key(|other| depends(other)) {
        return format!("{} crate `{}`", other.role, other.name);
    }
    let file = locks.iter().find(|(_, lock)| holds(lock)).map(|(file, _)| file.display());
    file.map(|file| format!("`{file}`")).unwrap_or_default()
}
