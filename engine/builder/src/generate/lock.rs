//! One `Cargo.lock` of several.
//!
//! Cargo fails on a lock that holds two compatible versions of one package, and floats what a lock
//! does not hold. So the locked packages of all are put together, one for each compatible range:
//! the engine's own where it has one, else the highest. Dependencies among them are left out;
//! Cargo fills them in and keeps the chosen versions.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use semver::Version;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use super::GenerateError;
use super::program::GENERATED;
use crate::discover::Policies;
use crate::engine::Engine;

/// A package from a registry or from git, locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locked {
    pub(crate) name: String,
    pub(crate) version: Version,
    source: String,
    checksum: Option<String>,
}

/// Versions that may stand for one another have one key.
type Key = (String, String, (u64, u64, u64));

/// The lock for the engine and the policies together.
pub(super) fn merged(policies: &Policies, engine: &Engine) -> Result<String, GenerateError> {
    let engines = engine.root.join("Cargo.lock");
    let mut chosen = BTreeMap::new();
    if engines.is_file() {
        for locked in read(&engines)? {
            // The engine itself may hold two compatible versions only by mistake of Cargo's.
            chosen.insert(locked.key(), locked);
        }
    }
    let mut added: BTreeMap<Key, Locked> = BTreeMap::new();
    for path in locks_of(policies) {
        if !same_file(&path, &engines) {
            for locked in read(&path)? {
                let highest = added.entry(locked.key()).or_insert_with(|| locked.clone());
                if locked.version > highest.version {
                    *highest = locked;
                }
            }
        }
    }
    for (key, locked) in added {
        chosen.entry(key).or_insert(locked);
    }
    Ok(write(chosen.into_values()))
}

/// Where the policies' own locks may lie: at the root of the folder, and in each crate or the
/// workspace that it belongs to.
fn locks_of(policies: &Policies) -> Vec<PathBuf> {
    let mut folders = vec![policies.root.clone()];
    for it in &policies.crates {
        folders.push(it.manifest.folder().to_owned());
        folders.extend(it.manifest.workspace.as_ref().map(|it| it.folder.clone()));
    }
    let mut locks: Vec<_> = folders
        .into_iter()
        .filter_map(|folder| fs_err::canonicalize(folder.join("Cargo.lock")).ok())
        .collect();
    locks.sort();
    locks.dedup();
    locks
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((fs_err::canonicalize(a), fs_err::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// The packages of a lock, but for those that lie in folders.
pub(super) fn read(path: &Path) -> Result<Vec<Locked>, GenerateError> {
    let wrong =
        |reason: &str| GenerateError::Lock { path: path.to_owned(), reason: reason.to_owned() };
    let text = fs_err::read_to_string(path)?;
    let document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| wrong(error.message()))?;
    let packages = document.get("package").and_then(Item::as_array_of_tables);
    let mut found = Vec::new();
    for package in packages.into_iter().flat_map(ArrayOfTables::iter) {
        if let Some(source) = text_of(package, "source") {
            let name = text_of(package, "name").ok_or_else(|| wrong("a package has no name"))?;
            let version = text_of(package, "version")
                .and_then(|version| version.parse().ok())
                .ok_or_else(|| wrong(&format!("package `{name}` has no version")))?;
            found.push(Locked { name, version, source, checksum: text_of(package, "checksum") });
        }
    }
    Ok(found)
}

fn text_of(package: &Table, key: &str) -> Option<String> {
    package.get(key)?.as_str().map(str::to_owned)
}

impl Locked {
    fn key(&self) -> Key {
        let Version { major, minor, patch, .. } = self.version;
        let range = match (major, minor) {
            (0, 0) => (0, 0, patch),
            (0, minor) => (0, minor, 0),
            (major, _) => (major, 0, 0),
        };
        (self.name.clone(), self.source.clone(), range)
    }
}

fn write(packages: impl Iterator<Item = Locked>) -> String {
    let mut text = format!("{GENERATED}\nversion = 4\n");
    for Locked { name, version, source, checksum } in packages {
        let _ = write!(
            text,
            "\n[[package]]\nname = {name:?}\nversion = \"{version}\"\nsource = {source:?}\n"
        );
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

    fn locked(name: &str, version: &str) -> Locked {
        let version = version.parse().unwrap();
        Locked { name: name.into(), version, source: REGISTRY.to_owned(), checksum: None }
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
            .map_err(|error| error.to_string().replace(&path.display().to_string(), ""))
    }

    #[test]
    fn versions_that_cargo_unifies_share_a_key() {
        let same = |a, b| locked("x", a).key() == locked("x", b).key();
        assert!(same("1.0.0", "1.9.3"));
        assert!(same("0.3.0", "0.3.7"));
        assert!(!same("0.3.0", "0.4.0"));
        assert!(!same("0.0.1", "0.0.2"));
        assert!(!same("1.0.0", "2.0.0"));
    }

    #[test]
    fn the_engines_version_wins_and_else_the_highest() {
        assert_eq!(
            merged_of(
                &lock(&["engines 1.2.0"]),
                &lock(&["engines 1.9.0", "low 0.3.1", "high 1.10.0"]),
                &lock(&["engines 1.0.0", "low 0.3.2", "high 1.9.0"]),
            )
            .unwrap(),
            lock(&["engines 1.2.0", "high 1.10.0", "low 0.3.2"])
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
