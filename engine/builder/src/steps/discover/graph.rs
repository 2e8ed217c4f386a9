//! Dependencies among the crates of a folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::{DiscoverError, PolicyCrate};

use crate::steps::engine::POLICY_API;
use policy_cargo::manifest::dependencies;

/// Checks that every dependency on a folder leads to a crate of the same policies folder, and that
/// none leads back to where it started.
pub(super) fn check(crates: &[PolicyCrate]) -> Result<(), DiscoverError> {
    let mut edges = BTreeMap::new();
    for policy_crate in crates {
        edges.insert(policy_crate.name.as_str(), local_dependencies(policy_crate, crates)?);
    }
    let mut done = Vec::new();
    for policy_crate in crates {
        visit(&policy_crate.name, &edges, &mut Vec::new(), &mut done)?;
    }
    Ok(())
}

fn local_dependencies<'a>(
    of: &PolicyCrate,
    crates: &'a [PolicyCrate],
) -> Result<Vec<&'a str>, DiscoverError> {
    let path = || of.manifest.path.clone();
    let mut found = Vec::new();
    for dependency in dependencies(&of.manifest) {
        // Whichever `policy-api` a policy names, it gets the engine's.
        let Some(folder) = dependency.path.filter(|_| dependency.package != POLICY_API) else {
            continue;
        };
        if !folder.join("Cargo.toml").is_file() {
            return Err(DiscoverError::NoDependency { path: path(), dependency: folder });
        }
        match crate_in(&folder, crates) {
            Some(target) => found.push(target.name.as_str()),
            None => return Err(DiscoverError::Outside { path: path(), dependency: folder }),
        }
    }
    Ok(found)
}

/// The crate that lies in this folder, by whatever name the folder is called.
pub(super) fn crate_in<'a>(folder: &Path, crates: &'a [PolicyCrate]) -> Option<&'a PolicyCrate> {
    let location = fs_err::canonicalize(folder).ok()?;
    crates.iter().find(|policy_crate| policy_crate.location == location)
}

/// Walks from one crate; `trail` is how it was come to.
fn visit<'a>(
    name: &'a str,
    edges: &BTreeMap<&'a str, Vec<&'a str>>,
    trail: &mut Vec<&'a str>,
    done: &mut Vec<&'a str>,
) -> Result<(), DiscoverError> {
    if let Some(start) = trail.iter().position(|before| *before == name) {
        let circle = trail.iter().skip(start).chain([&name]);
        return Err(DiscoverError::Cycle { names: circle.map(ToString::to_string).collect() });
    }
    if done.contains(&name) {
        return Ok(());
    }
    trail.push(name);
    for target in edges.get(name).into_iter().flatten() {
        visit(target, edges, trail, done)?;
    }
    trail.pop();
    done.push(name);
    Ok(())
}
