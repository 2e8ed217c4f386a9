//! One `Cargo.lock` of several.
//!
//! Cargo fails on a lock that holds two compatible versions of one package, and floats what a lock
//! does not hold. So the locked packages of all are put together, one for each compatible range:
//! what the engine is linked with where that is one, else the policies' highest, else what only the
//! engine's tools and tests use. Dependencies among them are left out; Cargo fills them in and
//! keeps the chosen versions.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::GenerateError;
use super::conflict;
use super::program::GENERATED;
use crate::discover::{Policies, PolicyCrate};
use crate::engine::Engine;
use crate::lock::{Key, Lock, Package};

/// The lock for the engine and the policies together.
#[derive(Debug)]
pub(super) struct Merged {
    /// As Cargo reads it.
    pub(super) text: String,
    /// What the engine is linked with: its versions win.
    pub(super) engine: Vec<Package>,
}

pub(super) fn merged(policies: &Policies, engine: &Engine) -> Result<Merged, GenerateError> {
    let engines_path = engine.root.join("Cargo.lock");
    let engines = if engines_path.is_file() { Lock::read(&engines_path)? } else { Lock::default() };
    let linked = engines.without("policy-engine", &engine.left_out);
    let linked = linked.linked_with("policy-engine", |_| true).into_iter();
    let linked: Vec<_> = linked.filter(|it| it.source.is_some()).cloned().collect();

    let locks = locks_of(policies, &engines_path)?;
    let mut highest: BTreeMap<Key, Package> = BTreeMap::new();
    for pin in locks.values().flat_map(Lock::pins) {
        let found = highest.entry(pin.key()).or_insert_with(|| pin.clone());
        if pin.version > found.version {
            *found = pin.clone();
        }
    }
    conflict::check(policies, &locks, &highest, &linked)?;
    let mut chosen: BTreeMap<_, _> = linked.iter().map(|it| (it.key(), it.clone())).collect();
    for pin in highest.into_values().chain(engines.pins().cloned()) {
        chosen.entry(pin.key()).or_insert(pin);
    }
    Ok(Merged { text: write(chosen.into_values()), engine: linked })
}

/// The policies' own locks, by their files.
pub(super) type Locks = BTreeMap<PathBuf, Lock>;

fn locks_of(policies: &Policies, engines: &Path) -> Result<Locks, GenerateError> {
    let mut locks = Locks::new();
    for path in policies.crates.iter().flat_map(|it| lock_files_of(it, policies)) {
        if !locks.contains_key(&path) && !same_file(&path, engines) {
            let lock = Lock::read(&path)?;
            locks.insert(path, lock);
        }
    }
    Ok(locks)
}

/// Where the lock of a crate may lie: at the root of the policies folder, in the crate itself, and
/// in the workspace that it belongs to.
pub(super) fn lock_files_of(it: &PolicyCrate, policies: &Policies) -> Vec<PathBuf> {
    let workspace = it.manifest.workspace.as_ref().map(|it| it.folder.as_path());
    let folders = [Some(policies.root.as_path()), Some(it.manifest.folder()), workspace];
    let files = folders.into_iter().flatten().map(|folder| folder.join("Cargo.lock"));
    files.filter_map(|file| fs_err::canonicalize(file).ok()).collect()
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs_err::canonicalize(a), fs_err::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

fn write(packages: impl Iterator<Item = Package>) -> String {
    let mut text = format!("{GENERATED}\nversion = 4\n");
    for Package { name, version, source, checksum, .. } in packages {
        let _ = write!(text, "\n[[package]]\nname = {name:?}\nversion = \"{version}\"\n");
        if let Some(source) = source {
            let _ = writeln!(text, "source = {source:?}");
        }
        if let Some(checksum) = checksum {
            let _ = writeln!(text, "checksum = {checksum:?}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        write(packages.iter().map(|package| {
            let (name, version) = package.split_once(' ').unwrap();
            locked(name, version)
        }))
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
        merged(&policies, &engine)
            .map(|merged| merged.text)
            .map_err(|error| error.to_string().replace(&path.display().to_string(), ""))
    }

    #[test]
    fn the_engines_version_wins_and_else_the_highest() {
        let engine = "[[package]]\nname = \"policy-engine\"\nversion = \"1.0.0\"\n\
                      dependencies = [\"engines\"]\n";
        assert_eq!(
            merged_of(
                &(lock(&["engines 1.2.0", "tests 1.2.0", "others 1.0.0"]) + engine),
                &lock(&["engines 1.9.0", "tests 1.1.0", "low 0.3.1", "high 1.10.0"]),
                &lock(&["engines 1.0.0", "tests 1.0.0", "low 0.3.2", "high 1.9.0"]),
            )
            .unwrap(),
            lock(&["engines 1.2.0", "high 1.10.0", "low 0.3.2", "others 1.0.0", "tests 1.1.0"])
        );
    }

    #[test]
    fn versions_that_cannot_stand_for_one_another_are_all_kept() {
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
    fn sources_and_checksums_are_kept_and_crates_of_folders_are_left_out() {
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
    fn a_lock_that_cargo_did_not_write_is_named() {
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
