//! Results of `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, Package};

use super::command::{not_started, one_line, resolve};
use super::{Cargo, CargoError, Network};
use policy_host::signals;

/// The metadata of a package whose dependencies were just fetched.
pub struct FetchedMetadata {
    /// The metadata.
    pub metadata: Metadata,
    /// Holds the folder that the packages' paths go through.
    _cargo: Cargo,
}

/// Has Cargo resolve and fetch the dependencies of the package in a folder.
///
/// # Errors
/// When Cargo does not start, or finds no versions.
pub fn fetch_metadata(root: &Path, network: Network) -> Result<FetchedMetadata, CargoError> {
    let cargo = Cargo::with_temporary_home()?;
    let mut command = cargo.command("metadata", root)?;
    command.args(["--format-version", "1", "--quiet"]);
    if network == Network::Off {
        command.arg("--offline");
    }
    Ok(FetchedMetadata { metadata: parse(&resolve(&mut command)?)?, _cargo: cargo })
}

/// Runs a `cargo metadata` that has nothing to resolve.
pub(super) fn read(command: &mut Command) -> Result<Metadata, CargoError> {
    let output = signals::output(command).map_err(not_started)?;
    if !output.status.success() {
        return Err(CargoError::Metadata(one_line(&String::from_utf8_lossy(&output.stderr))));
    }
    parse(&output.stdout)
}

fn parse(json: &[u8]) -> Result<Metadata, CargoError> {
    serde_json::from_slice(json)
        .map_err(|error| CargoError::Metadata(format!("unknown output: {error}")))
}

/// A package that is linked into a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedPackage {
    /// The package.
    pub id: PackageId,
    /// The licence as the manifest has it: an SPDX expression, or several names with `/` between.
    pub license: Option<String>,
    /// The linked packages that it uses itself, sorted.
    pub dependencies: Vec<PackageId>,
}

/// Name, version and source: together they identify a package of a lock file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageId {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The source as a lock file has it; `None` for a package in a folder.
    pub source: Option<String>,
}

impl From<&Package> for PackageId {
    fn from(package: &Package) -> Self {
        Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            source: package.source.as_ref().map(|source| source.repr.clone()),
        }
    }
}

/// The packages of these ids, sorted, for a workspace that was just compiled in `cache`.
///
/// # Errors
/// When Cargo does not start, or fails.
pub fn linked_packages(
    workspace: &Path,
    triple: &str,
    cache: &Path,
    ids: &BTreeSet<cargo_metadata::PackageId>,
) -> Result<Vec<LinkedPackage>, CargoError> {
    // Where the home of the user's Cargo cannot be written to, only this one has the sources.
    let cargo = Cargo::with_home_in(cache)?;
    let mut command = cargo.command("metadata", workspace)?;
    command
        .args(["--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", triple]);
    Ok(select(&read(&mut command)?, ids))
}

fn select(metadata: &Metadata, ids: &BTreeSet<cargo_metadata::PackageId>) -> Vec<LinkedPackage> {
    let packages = metadata.packages.iter().filter(|package| ids.contains(&package.id));
    let packages: BTreeMap<_, _> = packages.map(|package| (&package.id, package)).collect();
    let mut linked = Vec::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(package) = packages.get(&node.id) else { continue };
        let used = node.deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|info| info.kind == DependencyKind::Normal)
        });
        let used = used.filter_map(|dependency| packages.get(&dependency.pkg).copied());
        let used: BTreeSet<_> = used.map(PackageId::from).collect();
        linked.push(LinkedPackage {
            id: PackageId::from(*package),
            license: package.license.clone(),
            dependencies: used.into_iter().collect(),
        });
    }
    linked.sort_by(|a, b| a.id.cmp(&b.id));
    linked
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn package(id: &str) -> Value {
        json!({
            "id": id, "name": id, "version": "1.0.0", "source": null, "license": "MIT",
            "dependencies": [], "targets": [], "features": {}, "manifest_path": "/Cargo.toml",
        })
    }

    fn node(id: &str, dependencies: &[(&str, &[Option<&str>])]) -> Value {
        let kinds = |kinds: &[Option<&str>]| {
            kinds.iter().map(|kind| json!({"kind": kind, "target": null})).collect::<Vec<_>>()
        };
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(id, of)| json!({"name": id, "pkg": id, "dep_kinds": kinds(of)}))
            .collect();
        json!({"id": id, "deps": dependencies, "dependencies": [], "features": []})
    }

    #[test]
    fn packages_that_run_at_compile_time_are_not_linked() {
        let metadata = json!({
            "packages": (["top", "lib", "macros", "both"].map(package)),
            "resolve": {"root": null, "nodes": [
                node("top", &[
                    ("macros", &[None]), ("lib", &[None]), ("both", &[Some("build")]),
                ]),
                node("lib", &[("both", &[Some("build"), None])]),
                node("macros", &[]),
                node("both", &[]),
            ]},
            "workspace_members": [], "workspace_root": "/", "target_directory": "/target",
            "metadata": null, "version": 1,
        });
        let id = |id: &str| cargo_metadata::PackageId { repr: id.to_owned() };
        let linked = select(
            &serde_json::from_value(metadata).unwrap(),
            &["top", "lib", "both"].map(id).into(),
        );
        let shown = linked.iter().map(|package| {
            let used = package.dependencies.iter().map(|used| used.name.as_str()).collect();
            (package.id.name.as_str(), used)
        });
        let shown: Vec<(&str, Vec<&str>)> = shown.collect();
        assert_eq!(shown, [("both", vec![]), ("lib", vec!["both"]), ("top", vec!["lib"])]);
    }
}
