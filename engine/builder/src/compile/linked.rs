//! What a program is linked with: what Cargo compiled for its target, and what `cargo metadata`
//! knows of that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::cargo::{Cargo, not_started, sentence};
use super::{CompileError, Target};
use crate::generate::Workspace;
use crate::interrupt;

/// A package that is linked into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) id: PackageId,
    /// As its manifest has it: an SPDX expression, or several licences with `/` between them.
    pub(crate) license: Option<String>,
    /// The linked packages that it uses itself, sorted.
    pub(crate) dependencies: Vec<PackageId>,
}

/// What tells a package from all others of a lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct PackageId {
    pub(crate) name: String,
    pub(crate) version: String,
    /// As a lock has it; `None` for what lies in a folder.
    pub(crate) source: Option<String>,
}

/// What `cargo metadata` prints, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Known>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Known {
    id: String,
    #[serde(flatten)]
    package: PackageId,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// `None` for a dependency that is neither for tests nor for build scripts.
    kind: Option<String>,
}

/// The packages with these ids of Cargo's, sorted, which were compiled in `cache`.
pub(super) fn packages(
    workspace: &Workspace,
    target: &Target,
    cache: &Path,
    ids: &BTreeSet<String>,
) -> Result<Vec<Linked>, CompileError> {
    // Where nothing can be written in the home of the user's Cargo, the sources are here alone.
    let cargo = Cargo::kept(cache)?;
    let mut command = cargo.command("metadata", &workspace.root)?;
    command
        // All of it is there: the program has just been compiled.
        .args(["--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &target.triple]);
    let output = interrupt::output(&mut command).map_err(not_started)?;
    if !output.status.success() {
        return Err(CompileError::Metadata(sentence(&String::from_utf8_lossy(&output.stderr))));
    }
    let metadata = serde_json::from_slice(&output.stdout).map_err(|error| {
        CompileError::Metadata(format!("its answer is not understood: {error}"))
    })?;
    Ok(select(metadata, ids))
}

fn select(metadata: Metadata, ids: &BTreeSet<String>) -> Vec<Linked> {
    let packages = metadata.packages.into_iter().filter(|it| ids.contains(&it.id));
    let packages: BTreeMap<_, _> = packages.map(|it| (it.id.clone(), it)).collect();
    let mut linked = Vec::new();
    for node in metadata.resolve.nodes {
        let Some(it) = packages.get(&node.id) else { continue };
        let used = node.deps.iter().filter(|it| it.dep_kinds.iter().any(|it| it.kind.is_none()));
        let used = used.filter_map(|it| Some(packages.get(&it.pkg)?.package.clone()));
        linked.push(Linked {
            id: it.package.clone(),
            license: it.license.clone(),
            dependencies: used.collect::<BTreeSet<_>>().into_iter().collect(),
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
        json!({"id": id, "name": id, "version": "1.0.0", "source": null, "license": "MIT"})
    }

    #[test]
    fn what_runs_at_compile_time_is_not_linked() {
        let metadata = json!({
            "packages": (["top", "lib", "macros", "both"].map(package)),
            "resolve": {"nodes": [
                {"id": "top", "deps": [
                    {"pkg": "macros", "dep_kinds": [{"kind": null}]},
                    {"pkg": "lib", "dep_kinds": [{"kind": null}]},
                    {"pkg": "both", "dep_kinds": [{"kind": "build"}]},
                ]},
                {"id": "lib", "deps": [
                    {"pkg": "both", "dep_kinds": [{"kind": "build"}, {"kind": null}]},
                ]},
                {"id": "macros", "deps": []},
                {"id": "both", "deps": []},
            ]},
        });
        let ids = ["top", "lib", "both"].map(str::to_owned).into();
        let linked = select(serde_json::from_value(metadata).unwrap(), &ids);
        let shown = linked.iter().map(|it| {
            let used = it.dependencies.iter().map(|it| it.name.as_str()).collect();
            (it.id.name.as_str(), used)
        });
        let shown: Vec<(&str, Vec<&str>)> = shown.collect();
        assert_eq!(shown, [("both", vec![]), ("lib", vec!["both"]), ("top", vec!["lib"])]);
    }
}
