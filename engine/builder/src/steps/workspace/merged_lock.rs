//! One `Cargo.lock` of several.
//!
//! Cargo fails on a lock that holds two compatible versions of one package, and floats what a lock
//! does not hold. So the locked packages of all are put together, one for each compatible range:
//! what the engine is linked with where that is one, else what `policies.lock` says, else the
//! highest of the policies' own locks where those count, else what only the engine's tools and
//! tests use. Dependencies among them are left out; Cargo fills them in and keeps the chosen
//! versions.

use std::collections::BTreeMap;

use super::conflict;
use super::own_locks::{Locks, locks_of};
use super::program::GENERATED;
use super::{Extent, GenerateError};
use crate::steps::discover::{Policies, PolicyCrate};
use crate::steps::engine::Engine;
use policy_cargo::Source;
use policy_cargo::lockfile::{self, Key, Lock, Package};

/// The lock for the engine and the policies together.
#[derive(Debug)]
pub(super) struct Merged {
    /// The text that Cargo reads.
    pub(super) text: String,
    /// The packages in it.
    pub(super) pins: Vec<Package>,
    /// The whole of the engine's own lock.
    pub(super) engine: Vec<Package>,
}

pub(super) fn merged(
    policies: &Policies,
    engine: &Engine,
    linked: &[Package],
    extent: Extent,
) -> Result<Merged, GenerateError> {
    let engines = engine.lock()?;
    let pins = &policies.pins;
    let mut chosen: BTreeMap<Key, Package> = BTreeMap::new();
    let followed = pins.lock.iter().flat_map(Lock::pins).filter(|pin| !is_laid_out(pin, policies));
    for pin in linked.iter().chain(followed) {
        chosen.entry(pin.key()).or_insert_with(|| pin.clone().alone());
    }
    // What tests depend on is in the crates' own locks alone.
    let locks = if pins.crates_locks || extent == Extent::WithTests {
        locks_of(policies, &engine.root.join("Cargo.lock"))?
    } else {
        Locks::new()
    };
    let mut highest: BTreeMap<Key, Package> = BTreeMap::new();
    let kept = |package: &&Package| pins.renewal.keeps(&package.name);
    for pin in locks.values().flat_map(Lock::pins).filter(kept) {
        let found = highest.entry(pin.key()).or_insert_with(|| pin.clone());
        if pin.version > found.version {
            *found = pin.clone();
        }
    }
    conflict::check(policies, &locks, &highest, &chosen)?;
    let others = engines.pins().filter(kept).cloned();
    for pin in highest.into_values().chain(others) {
        chosen.entry(pin.key()).or_insert_with(|| pin.alone());
    }
    let text = text(chosen.values());
    let pins = chosen.into_values().collect();
    Ok(Merged { text, pins, engine: engines.pins().cloned().collect() })
}

/// The lock of a generated workspace.
pub(super) fn text<'a>(packages: impl IntoIterator<Item = &'a Package>) -> String {
    lockfile::text(&format!("{GENERATED}\n"), packages)
}

/// Checks whether a package is a policy from elsewhere, which has no source in the workspace.
fn is_laid_out(package: &Package, policies: &Policies) -> bool {
    let is_remote =
        |policy_crate: &&PolicyCrate| matches!(policy_crate.origin, Source::Remote { .. });
    policies.crates.iter().filter(is_remote).any(|policy_crate| {
        policy_crate.name == package.name && policy_crate.version == package.version
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

    fn locked(name: &str, version: &str) -> Package {
        Package {
            name: name.into(),
            version: version.parse().unwrap(),
            source: Some(REGISTRY.to_owned()),
            checksum: None,
            dependencies: Vec::new(),
        }
    }

    /// A lock that holds these, each as `NAME VERSION`.
    fn lock(packages: &[&str]) -> String {
        let packages = packages.iter().map(|package| package.split_once(' ').unwrap());
        let packages: Vec<_> = packages.map(|(name, version)| locked(name, version)).collect();
        lockfile::text(&format!("{GENERATED}\n"), &packages)
    }

    /// The lock that comes of the engine's own, one at the root of the policies and one in a crate.
    fn merged_of(engine: &str, root: &str, of_crate: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = fs::canonicalize(folder.path()).unwrap();
        let write = |name: &str, text: &str| {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("engine/Cargo.lock", engine);
        write("policies/Cargo.lock", root);
        write("policies/a/Cargo.lock", of_crate);
        write("policies/a/src/lib.rs", "");
        write(
            "policies/a/Cargo.toml",
            "package = { name = \"a\", version = \"1.0.0\" }\ndependencies.policy-api = \"*\"\n",
        );
        let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
        let engine = Engine { root: path.join("engine"), ..engine };
        let policies = Policies::discover(&path.join("policies"), &engine).unwrap();
        let linked: Vec<_> = engine.lock().unwrap().packages;
        let linked: Vec<_> =
            linked.into_iter().filter(|package| package.name == "engines").collect();
        merged(&policies, &engine, &linked, Extent::Libraries)
            .map(|merged| merged.text)
            .map_err(|error| error.to_string().replace(&path.display().to_string(), ""))
    }

    #[test]
    fn engine_version_is_kept_else_the_highest() {
        assert_eq!(
            merged_of(
                &lock(&["engines 1.2.0", "tests 1.2.0", "others 1.0.0"]),
                &lock(&["engines 1.9.0", "tests 1.1.0", "low 0.3.1", "high 1.10.0"]),
                &lock(&["engines 1.0.0", "tests 1.0.0", "low 0.3.2", "high 1.9.0"]),
            )
            .unwrap(),
            lock(&["engines 1.2.0", "high 1.10.0", "low 0.3.2", "others 1.0.0", "tests 1.1.0"])
        );
    }

    #[test]
    fn incompatible_versions_are_all_kept() {
        assert_eq!(
            merged_of(
                &lock(&["x 1.2.0"]),
                &lock(&["x 2.0.0"]),
                &lock(&["x 0.1.0", "x 0.2.0", "x 0.0.1", "x 0.0.2"]),
            )
            .unwrap(),
            lock(&["x 0.0.1", "x 0.0.2", "x 0.1.0", "x 0.2.0", "x 1.2.0", "x 2.0.0"])
        );
    }

    #[test]
    fn sources_and_checksums_are_kept_without_local_crates() {
        let from_git = "[[package]]\nname = \"x\"\nversion = \"1.0.0\"\n\
                        source = \"git+https://example.com/x#c0ffee\"\n";
        let text = merged_of(
            "",
            &format!("{from_git}dependencies = [\"y\"]\n"),
            &format!(
                "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"x\"\n\
                 version = \"1.0.0\"\nsource = \"{REGISTRY}\"\nchecksum = \"abc\"\n"
            ),
        );
        assert_eq!(
            text.unwrap(),
            format!(
                "{GENERATED}\nversion = 4\n\n{from_git}\n[[package]]\nname = \"x\"\n\
                 version = \"1.0.0\"\nsource = \"{REGISTRY}\"\nchecksum = \"abc\"\n"
            )
        );
    }

    #[test]
    fn malformed_lock_is_named() {
        let refused = |text: &str| merged_of("", "", text).unwrap_err();
        let start = "`/policies/a/Cargo.lock` is not a lock file that Cargo wrote: ";
        assert_eq!(
            refused("[[package]]\nsource = \"here\"\n"),
            format!("{start}a package has no name")
        );
        assert_eq!(
            refused("[[package]]\nname = \"x\"\nversion = \"new\"\nsource = \"here\"\n"),
            format!("{start}package `x` has no version")
        );
        assert_eq!(refused("<<<<<<< HEAD\n"), format!("{start}key with no value, expected `=`"));
    }
}
