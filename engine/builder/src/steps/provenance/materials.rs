use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::directory_hash::{directory_hash, sha256};
use crate::steps::engine::PROGRAM;
use crate::steps::workspace::{BuildPlan, FetchedCrate};
use policy_cargo::PackageId;
use policy_cargo::lockfile::{Lock, LockError, Package};
use policy_cargo::manifest::{Manifest, ManifestError, dependencies};

/// The sources of a program: every package of its workspace's lock.
#[derive(Debug, Clone)]
pub(crate) struct Materials {
    /// Sorted by name, version and source.
    pub(crate) all: Vec<Material>,
    /// The SHA-256 of the lock itself.
    pub(crate) lock: String,
}

/// One package.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    pub(crate) id: PackageId,
    pub(crate) role: MaterialRole,
    /// The SHA-256 of what the registry has, where it comes from one.
    checksum: Option<String>,
    /// For what lies in the workspace.
    pub(crate) place: Option<MaterialFolder>,
    /// The registry or repository of a package that lies in the workspace, where it has one.
    origin: Option<FetchedCrate>,
}

/// The folder of a package in the workspace.
#[derive(Debug, Clone)]
pub(crate) struct MaterialFolder {
    /// From the workspace's root, such as `policies/geo`.
    pub(crate) folder: String,
    /// Of the files in it.
    hash: String,
}

/// The purpose of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaterialRole {
    Policy,
    Support,
    Engine,
    ThirdParty,
}

impl MaterialRole {
    const ALL: [Self; 4] = [Self::Policy, Self::Support, Self::Engine, Self::ThirdParty];

    /// Its name in documents.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Support => "support",
            Self::Engine => "engine",
            Self::ThirdParty => "third-party",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Materials {
    /// Reads a workspace whose lock is complete.
    pub(crate) fn read(root: &Path, plan: &BuildPlan) -> Result<Self, MaterialsError> {
        let path = root.join("Cargo.lock");
        let lock = sha256(&fs_err::read(&path)?);
        let places = places(root)?;
        let mut all = Vec::new();
        for package in Lock::read(&path)?.packages {
            let name = package.name.as_str();
            let role = match &package.source {
                Some(_) => MaterialRole::ThirdParty,
                None if places.get(name).is_some_and(|place| is_engines(place)) => {
                    MaterialRole::Engine
                }
                None if plan.policies.iter().any(|policy| policy.name == name) => {
                    MaterialRole::Policy
                }
                None => MaterialRole::Support,
            };
            let place = match places.get(name).filter(|_| package.source.is_none()) {
                Some(folder) => Some(MaterialFolder {
                    folder: folder.clone(),
                    hash: directory_hash(&root.join(folder))?,
                }),
                None => None,
            };
            let mut material = Material::new(package, role, place);
            if material.place.is_some() {
                let origin = plan.fetched.iter().find(|fetched| fetched.name == material.id.name);
                material.origin = origin.cloned();
            }
            all.push(material);
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { all, lock })
    }
}

impl Material {
    fn new(package: Package, role: MaterialRole, place: Option<MaterialFolder>) -> Self {
        let Package { name, version, source, checksum, .. } = package;
        let id = PackageId { name, version: version.to_string(), source };
        Self { id, role, checksum, place, origin: None }
    }

    /// The registry or repository that it comes from, as locks write it.
    pub(crate) fn source(&self) -> Option<&str> {
        let origin = self.origin.as_ref().map(|origin| origin.source.as_str());
        origin.or(self.id.source.as_deref())
    }

    /// The digest of its sources, by in-toto's name for its kind: of a registry's archive, a Git
    /// commit, or the folder that was compiled.
    pub(crate) fn digest(&self) -> Option<(&'static str, String)> {
        let origin = self.origin.as_ref().and_then(|origin| origin.checksum.as_ref());
        if let Some(checksum) = origin.or(self.checksum.as_ref()) {
            return Some(("sha256", checksum.clone()));
        }
        let commit = self.source().and_then(|source| source.strip_prefix("git+")?.rsplit_once('#'));
        if let Some((_, commit)) = commit {
            return Some(("gitCommit", commit.to_owned()));
        }
        self.place.as_ref().map(|place| ("dirHash", place.hash.clone()))
    }

    /// The SHA-256 of the archive that it comes from, where it does.
    pub(crate) fn sha256(&self) -> Option<String> {
        self.digest().filter(|(kind, _)| *kind == "sha256").map(|(_, digest)| digest)
    }
}

/// Checks whether a folder of a workspace is the engine's, or the program's that links it.
fn is_engines(folder: &str) -> bool {
    folder == "program" || folder.starts_with("engine/")
}

/// The folders of a workspace's own crates, by the crates' names.
fn places(root: &Path) -> Result<BTreeMap<String, String>, MaterialsError> {
    let mut places = BTreeMap::from([(PROGRAM.to_owned(), "program".to_owned())]);
    for entry in fs_err::read_dir(root.join("engine"))? {
        let manifest = Manifest::read(entry?.path().join("Cargo.toml"))?;
        let folder = manifest.folder().file_name().unwrap_or_default().to_string_lossy();
        if let Some(name) = manifest.package("name").and_then(|name| name.as_str()) {
            places.insert(name.to_owned(), format!("engine/{folder}"));
        }
    }
    let policies = fs_err::canonicalize(root)?.join("policies");
    let mut folders = Vec::new();
    for entry in fs_err::read_dir(&policies)? {
        folders.push(entry?.path());
    }
    let mut next = 0;
    while let Some(folder) = folders.get(next) {
        next += 1;
        let (manifest, inside) = (folder.join("Cargo.toml"), folder.strip_prefix(&policies));
        let inside = inside.ok().and_then(Path::to_str);
        let Some(inside) = inside.filter(|_| manifest.is_file()) else { continue };
        let place = format!("policies/{inside}");
        let manifest = Manifest::read(manifest)?;
        if let Some(name) = manifest.package("name").and_then(|name| name.as_str()) {
            places.insert(name.to_owned(), place);
        }
        // Those deeper in it are told by who depends on them.
        for folder in dependencies(&manifest).into_iter().filter_map(|dependency| dependency.path) {
            let folder = fs_err::canonicalize(folder)?;
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    Ok(places)
}

/// An error of reading a program's sources.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MaterialsError {
    #[error("failed to digest the sources of the workspace: {0}")]
    Read(#[from] io::Error),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A package from a registry or repository.
    pub(crate) fn remote(
        name: &str,
        version: &str,
        source: &str,
        checksum: Option<&str>,
    ) -> Material {
        let id = PackageId {
            name: name.to_owned(),
            version: version.to_owned(),
            source: Some(source.to_owned()),
        };
        let checksum = checksum.map(str::to_owned);
        Material { id, role: MaterialRole::ThirdParty, checksum, place: None, origin: None }
    }

    /// A package in the workspace.
    pub(crate) fn local(name: &str, version: &str, folder: &str, hash: &str) -> Material {
        let id = PackageId { name: name.to_owned(), version: version.to_owned(), source: None };
        let role = match folder.split_once('/') {
            Some(("policies", _)) => MaterialRole::Policy,
            _ => MaterialRole::Engine,
        };
        let place = Some(MaterialFolder { folder: folder.to_owned(), hash: hash.to_owned() });
        Material { id, role, checksum: None, place, origin: None }
    }

    #[test]
    fn sources_have_the_digest_that_pins_them() {
        let digest = |material: Material| material.digest().unwrap();
        let pinned = remote("x", "1.0.0", "registry+here", Some("abc"));
        assert_eq!(digest(pinned), ("sha256", "abc".to_owned()));
        let pinned = remote("x", "1.0.0", "git+https://example.com/x?tag=v1#c0ffee", None);
        assert_eq!(digest(pinned), ("gitCommit", "c0ffee".to_owned()));
        let mut copied = local("geo", "1.0.0", "policies/geo", "1234");
        assert_eq!(digest(copied.clone()), ("dirHash", "1234".to_owned()));
        let (name, source) = ("geo".to_owned(), "registry+here".to_owned());
        copied.origin = Some(FetchedCrate { name, source, checksum: Some("abc".to_owned()) });
        assert_eq!(digest(copied), ("sha256", "abc".to_owned()));
    }

    #[test]
    fn every_workspace_package_has_a_role_and_a_digest() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        for (folder, name) in [
            ("engine/api", "policy-api"),
            ("engine/runtime", "policy-engine"),
            ("program", PROGRAM),
            ("policies/a", "geo"),
            ("policies/b", "words"),
            ("policies/unused", "unused"),
        ] {
            write(&format!("{folder}/Cargo.toml"), &format!("package.name = {name:?}\n"));
        }
        let locked = ["geo", "words", "policy-api", "policy-engine", PROGRAM]
            .map(|name| format!("[[package]]\nname = {name:?}\nversion = \"1.0.0\"\n"))
            .concat();
        let pinned = "[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\n\
                      source = \"registry+here\"\nchecksum = \"abc\"\n";
        write("Cargo.lock", &(locked + pinned));
        let plan = serde_json::json!({
            "engine": "1.0.0", "api": "1.0.0", "target": "t", "revision": null,
            "policies": [{"crate": "geo", "version": "1.0.0", "folder": "a"}],
            "fetched": [{"crate": "words", "source": "git+https://example.com/words#c0ffee"}],
        });
        let plan = serde_json::from_value(plan).unwrap();
        let materials = Materials::read(folder.path(), &plan).unwrap();
        let shown = materials.all.iter().map(|material| {
            let digest = material.digest().unwrap().0;
            let place = material.place.as_ref().map_or("", |place| &place.folder);
            (material.id.name.as_str(), material.role.name(), digest, place)
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                ("geo", "policy", "dirHash", "policies/a"),
                ("policy-api", "engine", "dirHash", "engine/api"),
                ("policy-engine", "engine", "dirHash", "engine/runtime"),
                (PROGRAM, "engine", "dirHash", "program"),
                ("serde", "third-party", "sha256", ""),
                ("words", "support", "gitCommit", "policies/b"),
            ]
        );
    }
}
