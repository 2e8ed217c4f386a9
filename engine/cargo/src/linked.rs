//! The packages that are linked into a program, by what Cargo prints of its build.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::Path;

use cargo_metadata::{Artifact, DependencyKind, Metadata, Package};

use super::{Cargo, CargoError, Message, message, metadata};

/// The folder of what is compiled for release, in that of its target.
const RELEASE: &str = "release";

/// The packages whose libraries a release build made for its target. What runs at compile time is
/// for the host, in a folder of its own.
#[derive(Debug, Clone)]
pub struct LinkedIds {
    triple: String,
    /// Cargo's ids of packages.
    ids: BTreeSet<String>,
}

impl LinkedIds {
    /// Those of a build that has made nothing yet.
    #[must_use]
    pub fn new(triple: &str) -> Self {
        Self { triple: triple.to_owned(), ids: BTreeSet::new() }
    }

    /// Those of a build that is over, by the messages of its `cargo build --message-format json`.
    ///
    /// # Errors
    /// When the messages cannot be read.
    pub fn read(messages: impl BufRead, triple: &str) -> Result<Self, CargoError> {
        let mut linked = Self::new(triple);
        message::read(messages, |message| {
            if let Message::CompilerArtifact(artifact) = message {
                linked.record(&artifact);
            }
        })?;
        Ok(linked)
    }

    /// Takes note of what was compiled, or was there already.
    pub fn record(&mut self, artifact: &Artifact) {
        let is_of_target = |file: &Path| {
            let folders: Vec<_> = file.iter().collect();
            folders
                .array_windows()
                .any(|[target, profile]| *target == self.triple.as_str() && *profile == RELEASE)
        };
        if artifact.filenames.iter().any(|file| is_of_target(file.as_std_path())) {
            self.ids.insert(artifact.package_id.repr.clone());
        }
    }

    /// Has Cargo print what [`Self::packages`] reads, of a workspace that was compiled.
    ///
    /// # Errors
    /// When Cargo does not start or fails.
    pub fn print_metadata(&self, cargo: &Cargo, workspace: &Path) -> Result<Vec<u8>, CargoError> {
        let mut command = cargo.command("metadata", workspace)?;
        command
            .args(["--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", &self.triple]);
        metadata::print(&mut command)
    }

    /// These packages, sorted, by what `cargo metadata --format-version 1 --filter-platform TRIPLE`
    /// printed for the workspace that was compiled.
    ///
    /// # Errors
    /// When that is not understood, or knows nothing of one of the packages.
    pub fn packages(&self, metadata: &[u8]) -> Result<Vec<LinkedPackage>, CargoError> {
        self.select(&metadata::parse(metadata)?)
    }

    fn select(&self, metadata: &Metadata) -> Result<Vec<LinkedPackage>, CargoError> {
        let keys: BTreeMap<_, _> = self.ids.iter().map(|id| (key(id), id)).collect();
        let packages = metadata.packages.iter().filter_map(|package| {
            let key = key(&package.id.repr);
            keys.contains_key(&key).then_some((key, package))
        });
        let packages: BTreeMap<_, _> = packages.collect();
        if let Some((_, id)) = keys.iter().find(|(key, _)| !packages.contains_key(*key)) {
            return Err(CargoError::UnknownPackage((*id).clone()));
        }
        let packages: BTreeMap<_, _> =
            packages.into_values().map(|package| (&package.id, package)).collect();
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
        Ok(linked)
    }
}

/// A package's id without the place of a folder: a workspace may be compiled in one place, and lie
/// in another.
///
/// An id is `path+file:///a/geo#1.0.0` or `path+file:///a/b#geo@1.0.0`, and the same of
/// `registry+…`, `sparse+…` and `git+…` (<https://doc.rust-lang.org/cargo/reference/pkgid-spec.html>).
fn key(id: &str) -> (&str, &str) {
    let Some((source, package)) = id.rsplit_once('#').filter(|_| id.starts_with("path+")) else {
        return ("", id);
    };
    package.split_once('@').unwrap_or_else(|| {
        let folder = source.rsplit('/').next().unwrap_or_default();
        (folder, package)
    })
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

    fn linked(ids: &[&str]) -> LinkedIds {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        LinkedIds { triple: "t".to_owned(), ids }
    }

    #[test]
    fn what_is_compiled_for_the_host_is_not_linked() {
        let artifact = |id: &str, file: &str| {
            let target = json!({
                "name": "a", "kind": ["lib"], "crate_types": ["lib"], "src_path": "/a.rs",
                "edition": "2024", "doc": true, "doctest": true, "test": true,
            });
            let artifact = json!({
                "reason": "compiler-artifact", "package_id": id, "manifest_path": "/Cargo.toml",
                "target": target, "features": [], "filenames": [file], "executable": null,
                "fresh": true, "profile": {
                    "opt_level": "3", "debuginfo": 0, "debug_assertions": false,
                    "overflow_checks": false, "test": false,
                },
            });
            artifact.to_string()
        };
        let messages = [
            artifact("linked", "/build/target/t/release/deps/liba.rlib"),
            "a procedural macro's words".to_owned(),
            artifact("host", "/build/target/release/deps/libb.so"),
            artifact("other", "/build/t/target/release/deps/libc.rlib"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let read = LinkedIds::read(messages.join("\n").as_bytes(), "t").unwrap();
        assert_eq!(Vec::from_iter(read.ids), ["linked"]);
        assert!(LinkedIds::read(b"{".as_slice(), "t").is_err());
    }

    #[test]
    fn packages_of_folders_are_the_same_in_another_place() {
        for (one, other) in [
            ("path+file:///a/geo#1.0.0", "path+file:///b/copied%20geo#geo@1.0.0"),
            ("path+file:///a/geo#1.0.0+x", "path+file:///b/geo#1.0.0+x"),
        ] {
            assert_eq!(key(one), key(other));
        }
        for (one, other) in [
            ("path+file:///a/geo#1.0.0", "path+file:///a/geo#1.0.1"),
            ("path+file:///a/geo#1.0.0", "registry+https://example.com/geo#1.0.0"),
            ("git+https://example.com/geo#1.0.0", "git+https://example.com/a/geo#1.0.0"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn packages_of_another_build_are_refused() {
        let metadata = json!({
            "packages": [package("top")], "resolve": null, "workspace_members": [],
            "workspace_root": "/", "target_directory": "/target", "metadata": null, "version": 1,
        });
        assert_eq!(
            linked(&["registry+here#other@1.0.0"])
                .packages(metadata.to_string().as_bytes())
                .unwrap_err()
                .to_string(),
            "Cargo compiled `registry+here#other@1.0.0`, which is none of the workspace's \
             packages\nhelp: give the messages of the build of this workspace"
        );
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
        let metadata = serde_json::from_value(metadata).unwrap();
        let linked = linked(&["top", "lib", "both"]).select(&metadata).unwrap();
        let shown = linked.iter().map(|package| {
            let used = package.dependencies.iter().map(|used| used.name.as_str()).collect();
            (package.id.name.as_str(), used)
        });
        let shown: Vec<(&str, Vec<&str>)> = shown.collect();
        assert_eq!(shown, [("both", vec![]), ("lib", vec!["both"]), ("top", vec!["lib"])]);
    }
}
