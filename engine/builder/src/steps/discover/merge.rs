//! The crates from elsewhere, as crates among others.

use super::error::{Mismatch, MismatchReason};
use super::remote::{self, Entry};
use super::{DiscoverError, PolicyCrate, Role};
use crate::steps::discover::policies_file::PoliciesFile;
use crate::steps::engine::{Engine, POLICY_API};
use policy_cargo::Pins;
use policy_cargo::Source;
use policy_cargo::manifest::dependencies;

/// Adds the policies that the file names, and the crates beside them that they depend on.
pub(crate) fn add(
    crates: &mut Vec<PolicyCrate>,
    file: &PoliciesFile,
    engine: &Engine,
    pins: &Pins,
) -> Result<(), DiscoverError> {
    let mut remote: Vec<PolicyCrate> = Vec::new();
    for pin in remote::fetched(file, engine, pins)? {
        let read = PolicyCrate::read_remote(pin.manifest, pin.origin, engine)?;
        check(&read, &pin.entry, file)?;
        // One that another depends on is there already.
        remote.retain(|other| other.location != read.location);
        let Entry { features, default_features, .. } = pin.entry;
        remote.push(PolicyCrate { features, default_features, ..read });
        add_neighbours(&mut remote, crates, engine)?;
    }
    for policy in remote {
        let name =
            |other: &&PolicyCrate| other.name.replace('-', "_") == policy.name.replace('-', "_");
        if let Some(local) =
            crates.iter().find(name).filter(|policy| policy.origin == Source::Folder)
        {
            let (name, file) = (policy.name, file.path.clone());
            let local = local.manifest.path.clone();
            return Err(DiscoverError::SameAsRemote { name, file, local });
        }
        if let Some(other) = crates.iter().find(|other| other.folder == policy.folder) {
            let folder = other.manifest.folder().to_owned();
            return Err(DiscoverError::SameFolder { name: policy.name, folder });
        }
        crates.push(policy);
    }
    Ok(())
}

/// Checks that a crate is what its entry says.
fn check(found: &PolicyCrate, entry: &Entry, file: &PoliciesFile) -> Result<(), DiscoverError> {
    let version = entry.version.clone().filter(|version| !version.matches(&found.version));
    let problem = match version {
        _ if found.name != entry.package => MismatchReason::Name(entry.package.clone()),
        Some(wanted) => MismatchReason::Version(wanted),
        None if found.role != Role::Policy => MismatchReason::Role,
        None => return Ok(()),
    };
    Err(DiscoverError::Mismatch(Box::new(Mismatch {
        file: file.path.clone(),
        key: entry.key.clone(),
        path: found.manifest.path.clone(),
        found: format!("{} {}", found.name, found.version),
        problem,
    })))
}

/// Adds what the last crate depends on in folders beside it, and what that does. What comes from a
/// registry has nothing beside it.
fn add_neighbours(
    remote: &mut Vec<PolicyCrate>,
    local: &[PolicyCrate],
    engine: &Engine,
) -> Result<(), DiscoverError> {
    let mut next = remote.len().saturating_sub(1);
    while let Some(dependent) = remote.get(next) {
        next += 1;
        let Source::Remote { source, .. } = &dependent.origin else { continue };
        if source.as_ref().is_some_and(|source| !source.starts_with("git+")) {
            continue;
        }
        let origin = Source::Remote { source: source.clone(), checksum: None };
        let folders = dependencies(&dependent.manifest).into_iter();
        let folders = folders
            .filter(|dependency| dependency.package != POLICY_API)
            .filter_map(|dependency| dependency.path);
        for folder in folders.collect::<Vec<_>>() {
            // Where there is none, the check of the graph says so.
            let Ok(location) = fs_err::canonicalize(&folder) else { continue };
            let manifest = location.join("Cargo.toml");
            let is_there = remote.iter().chain(local).any(|policy| policy.location == location);
            if manifest.is_file() && !is_there {
                remote.push(PolicyCrate::read_remote(manifest, origin.clone(), engine)?);
            }
        }
    }
    Ok(())
}
