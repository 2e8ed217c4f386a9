//! Finding the policy crates of a folder.
//!
//! Each immediate subfolder with a `Cargo.toml` is a crate: a policy crate when it depends on
//! `policy-api`, else a support crate, which is part of the build where a policy depends on it.
//! Hidden folders and `target` are passed over.

mod error;
mod graph;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use crate::engine::Engine;
use crate::manifest::{Dependency, Manifest, dependencies};
pub(crate) use error::DiscoverError;

/// The package that makes a crate a policy crate.
pub(crate) const POLICY_API: &str = "policy-api";

/// The crates of a policies folder.
#[derive(Debug)]
pub(crate) struct Policies {
    /// The folder, as the user named it.
    pub(crate) root: PathBuf,
    /// Its crates, sorted by folder name.
    pub(crate) crates: Vec<PolicyCrate>,
}

/// One crate of a policies folder.
#[derive(Debug)]
pub(crate) struct PolicyCrate {
    /// The package's name.
    pub(crate) name: String,
    pub(crate) version: Version,
    /// The name of its folder inside the policies folder.
    pub(crate) folder: String,
    pub(crate) role: Role,
    pub(crate) manifest: Manifest,
}

/// What a crate is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Registers policies.
    Policy,
    /// Is used by others.
    Support,
}

impl Policies {
    /// Finds and checks the crates of a folder.
    pub(crate) fn discover(root: &Path, engine: &Engine) -> Result<Self, DiscoverError> {
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
        let policies = Self { root: root.to_owned(), crates };
        if policies.of_role(Role::Policy).next().is_none() {
            return Err(DiscoverError::NoPolicies {
                root: root.to_owned(),
                support: policies.crates.into_iter().map(|support| support.name).collect(),
            });
        }
        policies.check_names()?;
        graph::check(&policies)?;
        Ok(policies)
    }

    /// The crates of one role, sorted by folder name.
    pub(crate) fn of_role(&self, role: Role) -> impl Iterator<Item = &PolicyCrate> {
        self.crates.iter().filter(move |it| it.role == role)
    }

    fn check_names(&self) -> Result<(), DiscoverError> {
        const TAKEN: [&str; 3] = [POLICY_API, "policy-engine", crate::generate::PROGRAM];
        let mut folders = BTreeMap::new();
        for it in &self.crates {
            if TAKEN.contains(&it.name.as_str()) {
                return Err(DiscoverError::TakenName {
                    name: it.name.clone(),
                    path: it.manifest.path.clone(),
                });
            }
            // Cargo tells `a-b` and `a_b` apart, Rust does not.
            if let Some(first) = folders.insert(it.name.replace('-', "_"), it) {
                return Err(DiscoverError::SameName {
                    name: it.name.clone(),
                    first: first.manifest.path.clone(),
                    second: it.manifest.path.clone(),
                });
            }
        }
        Ok(())
    }
}

impl PolicyCrate {
    fn read(folder: String, path: PathBuf, engine: &Engine) -> Result<Self, DiscoverError> {
        let manifest = Manifest::read(path.clone())?;
        if manifest.document.get("package").is_none() {
            return Err(DiscoverError::NoPackage { path });
        }
        let text = |key: &'static str| {
            manifest
                .package(key)
                .and_then(|value| value.as_str())
                .ok_or_else(|| DiscoverError::NoField { path: path.clone(), key })
        };
        let name = text("name")?.to_owned();
        let version = text("version")?;
        let version = version.parse().map_err(|source| DiscoverError::Version {
            path: path.clone(),
            version: version.to_owned(),
            source,
        })?;
        if let Some(section) =
            ["patch", "replace"].into_iter().find(|it| manifest.document.contains_key(it))
        {
            return Err(DiscoverError::Patched { path, section });
        }
        let api =
            dependencies(&manifest).into_iter().find(|it| it.linked && it.package == POLICY_API);
        let role = if api.is_some() { Role::Policy } else { Role::Support };
        if let Some(api) = api {
            check_api(&path, &name, &api, engine)?;
            check_library(&manifest)?;
        }
        Ok(Self { name, version, folder, role, manifest })
    }
}

/// Checks that a policy asks for an API that this engine has.
fn check_api(
    path: &Path,
    name: &str,
    api: &Dependency,
    engine: &Engine,
) -> Result<(), DiscoverError> {
    // From git or a folder it needs no version; then the compiler decides.
    let Some(text) = &api.requirement else { return Ok(()) };
    let met = text.parse::<VersionReq>().is_ok_and(|wanted| wanted.matches(&engine.api_version));
    if met {
        return Ok(());
    }
    Err(DiscoverError::OtherApi {
        name: name.to_owned(),
        path: path.to_owned(),
        wanted: text.clone(),
        has: engine.api_version.clone(),
    })
}

fn check_library(manifest: &Manifest) -> Result<(), DiscoverError> {
    let given =
        manifest.document.get("lib").and_then(|lib| lib.as_table_like()?.get("path")?.as_str());
    let file = manifest.folder().join(given.unwrap_or("src/lib.rs"));
    if file.is_file() {
        return Ok(());
    }
    Err(DiscoverError::NoLibrary { path: manifest.path.clone(), file })
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
