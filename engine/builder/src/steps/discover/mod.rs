//! Finding the policy crates of a folder.
//!
//! Each immediate subfolder with a `Cargo.toml` is a crate: a policy crate when it depends on
//! `policy-api`, else a support crate, which is part of the build where a policy depends on it.
//! Hidden folders and `target` are passed over. A crate deeper in the folder is a support crate where
//! another depends on it by its path. Beside them are the policies from elsewhere that
//! `policies.toml` names.

pub(crate) mod carried;
mod error;
mod graph;
mod library;
mod merge;
mod nested;
pub(crate) mod policies_file;
mod policies_lock;
mod policy_crate;
mod remote;
mod vendored;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::steps::discover::policies_file::PoliciesFile;
use crate::steps::engine::{Engine, TAKEN};
pub(crate) use error::DiscoverError;
pub(crate) use library::is_crate_name;
pub(crate) use policies_lock::{POLICIES_LOCK, policies_lock_path, read_policies_lock};
use policy_cargo::{Pins, Renewal};
pub(crate) use policy_crate::{PolicyCrate, Role};

/// The crates of a policies folder.
#[derive(Debug)]
pub(crate) struct Policies {
    /// The folder, as the user named it.
    pub(crate) root: PathBuf,
    /// Its crates and those from elsewhere, sorted by folder name.
    pub(crate) crates: Vec<PolicyCrate>,
    /// The versions that what they depend on had before.
    pub(crate) pins: Pins,
}

/// Checks whether a folder is one of crates, as that of a repository is.
fn has_crates(folder: &Path) -> bool {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().join("Cargo.toml").is_file())
}

impl Policies {
    /// Finds and checks the crates of a folder, and has Cargo fetch those from elsewhere.
    pub(crate) fn discover(root: &Path, engine: &Engine) -> Result<Self, DiscoverError> {
        Self::discover_with(root, engine, policies_lock::pins(root)?)
    }

    /// Finds the crates with other pins than the folder's.
    pub(crate) fn discover_with(
        root: &Path,
        engine: &Engine,
        pins: Pins,
    ) -> Result<Self, DiscoverError> {
        let mut crates = Vec::new();
        for folder in subfolders(root)? {
            let path = root.join(&folder);
            let manifest = path.join("Cargo.toml");
            if manifest.is_file() {
                crates.push(PolicyCrate::read(folder, manifest, engine)?);
            } else if let Some(file) = rust_file_in(&path)? {
                return Err(DiscoverError::NoManifest { folder: path, file });
            }
        }
        nested::add(&mut crates, root, engine)?;
        merge::add(&mut crates, &PoliciesFile::read(root)?, engine, &pins)?;
        crates.sort_by(|a, b| a.folder.cmp(&b.folder));
        let policies = Self { root: root.to_owned(), crates, pins };
        if policies.of_role(Role::Policy).next().is_none() {
            return Err(DiscoverError::NoPolicies {
                root: root.to_owned(),
                support: policies.crates.into_iter().map(|support| support.name).collect(),
                deeper: Some(root.join("policies")).filter(|folder| has_crates(folder)),
            });
        }
        policies.check_names()?;
        graph::check(&policies.crates)?;
        Ok(policies)
    }

    /// No crates at all.
    pub(crate) fn none() -> Self {
        let pins = Pins { lock: None, crates_locks: false, renewal: Renewal::Nothing };
        Self { root: PathBuf::new(), crates: Vec::new(), pins }
    }

    /// The crates of one role, sorted by folder name.
    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = &PolicyCrate> {
        self.crates.iter().filter(move |policy_crate| policy_crate.role == role)
    }

    /// The crate that lies in this folder, by whatever name the folder is called.
    pub(crate) fn crate_in(&self, folder: &Path) -> Option<&PolicyCrate> {
        graph::crate_in(folder, &self.crates)
    }

    fn check_names(&self) -> Result<(), DiscoverError> {
        // Cargo tells `a-b` and `a_b` apart, Rust does not.
        let spelled = |name: &str| name.replace('-', "_");
        let is_taken = |name: &str| TAKEN.iter().any(|taken| spelled(taken) == spelled(name));
        let mut folders = BTreeMap::new();
        let mut libraries = BTreeMap::new();
        for policy_crate in &self.crates {
            let is_policy = policy_crate.role == Role::Policy;
            let library = Some(&policy_crate.library.name).filter(|_| is_policy);
            if let Some(name) =
                [&policy_crate.name].into_iter().chain(library).find(|name| is_taken(name))
            {
                return Err(DiscoverError::TakenName {
                    name: name.clone(),
                    path: policy_crate.manifest.path.clone(),
                });
            }
            if let Some(first) = folders.insert(spelled(&policy_crate.name), policy_crate) {
                return Err(DiscoverError::SameName {
                    name: policy_crate.name.clone(),
                    first: first.manifest.path.clone(),
                    second: policy_crate.manifest.path.clone(),
                });
            }
            // The program refers to the policies' libraries only.
            let Some(library) = library else { continue };
            if let Some(first) = libraries.insert(library, policy_crate) {
                return Err(DiscoverError::SameLibrary {
                    library: library.clone(),
                    first: first.manifest.path.clone(),
                    second: policy_crate.manifest.path.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The names of the folders to look into, sorted.
fn subfolders(root: &Path) -> Result<Vec<String>, DiscoverError> {
    let entries = fs_err::read_dir(root).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            DiscoverError::NoFolder { root: root.to_owned() }
        }
        _ => DiscoverError::Read(error),
    })?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(DiscoverError::NotUtf8 { path });
        };
        if !name.starts_with('.') && name != "target" {
            folders.push(name.to_owned());
        }
    }
    folders.sort();
    Ok(folders)
}

/// A Rust file in the folder itself or in its `src`.
fn rust_file_in(folder: &Path) -> Result<Option<PathBuf>, DiscoverError> {
    for place in [folder.to_owned(), folder.join("src")] {
        if !place.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        for entry in fs_err::read_dir(&place)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
                files.push(path);
            }
        }
        if let Some(first) = files.into_iter().min() {
            return Ok(Some(first));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
