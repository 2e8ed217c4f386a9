use std::fmt;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use toml_edit::{DocumentMut, Item};

use super::DiscoverError;
use super::library::Library;
use super::vendored;
use crate::steps::discover::carried;
use crate::steps::engine::{Engine, POLICY_API};
use policy_cargo::Source;
use policy_cargo::lockfile::without_secret;
use policy_cargo::manifest::is_package_name;
use policy_cargo::manifest::{Dependency, Manifest, dependencies};

/// One crate of a policies folder.
#[derive(Debug)]
pub(crate) struct PolicyCrate {
    /// The package's name.
    pub(crate) name: String,
    pub(crate) version: Version,
    /// The name of its folder inside the policies folder; `NAME-VERSION` when it is not from there.
    pub(crate) folder: String,
    /// The path of that folder, links resolved.
    pub(crate) location: PathBuf,
    pub(crate) role: Role,
    pub(crate) origin: Source,
    /// Its features that are wanted beside the default ones.
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
    pub(crate) library: Library,
    pub(crate) manifest: Manifest,
}

/// The purpose of a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Registers policies.
    Policy,
    /// Is used by others.
    Support,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Policy => "policy",
            Self::Support => "support",
        })
    }
}

impl PolicyCrate {
    pub(super) fn read(
        folder: String,
        path: PathBuf,
        engine: &Engine,
    ) -> Result<Self, DiscoverError> {
        let manifest = carried::read_manifest(path.clone())?;
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
        // Cargo's own default, for what is never published.
        let version = manifest.package("version").map_or(Ok("0.0.0"), |_| text("version"))?;
        let version = version.parse().map_err(|source| DiscoverError::Version {
            path: path.clone(),
            version: version.to_owned(),
            source,
        })?;
        if !is_package_name(&name) {
            return Err(DiscoverError::Name { path, name });
        }
        check_sources(&manifest, engine)?;
        let library = Library::new(&manifest, &name);
        let api = dependencies(&manifest)
            .into_iter()
            .find(|dependency| dependency.linked && dependency.package == POLICY_API);
        let is_support = api.is_none() || declares_support(&manifest)?;
        let role = if is_support { Role::Support } else { Role::Policy };
        if let Some(api) = api {
            check_api(&path, &name, &api, engine)?;
        }
        if role == Role::Policy {
            library.check(&path, &name)?;
        }
        let location = fs_err::canonicalize(manifest.folder())?;
        Ok(Self {
            name,
            version,
            folder,
            location,
            role,
            origin: Source::Folder,
            features: Vec::new(),
            default_features: true,
            library,
            manifest,
        })
    }

    /// Reads a crate that others depend on and that lies deeper in the policies folder, or in
    /// another crate's.
    pub(super) fn read_nested(
        folder: String,
        path: PathBuf,
        engine: &Engine,
    ) -> Result<Self, DiscoverError> {
        Ok(Self { role: Role::Support, ..Self::read(folder, path, engine)? })
    }

    /// Reads a crate from elsewhere.
    pub(super) fn read_remote(
        path: PathBuf,
        origin: Source,
        engine: &Engine,
    ) -> Result<Self, DiscoverError> {
        let mut read = Self::read(String::new(), path, engine)?;
        vendored::point_to_neighbours(&mut read.manifest)?;
        Ok(Self { folder: format!("{}-{}", read.name, read.version), origin, ..read })
    }

    /// The name of its source, as its author or the user calls it.
    pub(crate) fn source_label(&self) -> String {
        match &self.origin {
            Source::Remote { source: Some(source), .. } => without_secret(source),
            Source::Folder | Source::Remote { source: None, .. } => {
                self.manifest.folder().display().to_string()
            }
        }
    }
}

/// Checks that the policy is built from the sources that its tests were: what its workspace
/// replaces would not be replaced in ours. Replacing `policy-api` is what is done here as well.
fn check_sources(manifest: &Manifest, engine: &Engine) -> Result<(), DiscoverError> {
    let own = Some((manifest.path.clone(), &manifest.document));
    let workspace = manifest.workspace.as_ref().filter(|workspace| workspace.folder != engine.root);
    let workspace =
        workspace.map(|workspace| (workspace.folder.join("Cargo.toml"), &workspace.document));
    for (path, document) in own.into_iter().chain(workspace) {
        if let Some(section) = replacing_section(document) {
            return Err(DiscoverError::Patched { path, section });
        }
    }
    Ok(())
}

fn replacing_section(document: &DocumentMut) -> Option<&'static str> {
    if document.contains_key("replace") {
        return Some("replace");
    }
    let sources = document.get("patch")?.as_table_like()?;
    let mut replaced = sources
        .iter()
        .filter_map(|(_, source)| source.as_table_like())
        .flat_map(|source| source.iter())
        .map(|(key, item)| item.get("package").and_then(Item::as_str).unwrap_or(key));
    replaced.any(|package| package != POLICY_API).then_some("patch")
}

/// Checks whether the manifest says that the crate registers no policy, though it depends on
/// `policy-api`: by `role = "support"` in its `[package.metadata.policy-engine]`.
fn declares_support(manifest: &Manifest) -> Result<bool, DiscoverError> {
    let role = manifest
        .package("metadata")
        .and_then(|metadata| metadata.as_table_like()?.get("policy-engine")?.as_table_like())
        .and_then(|ours| ours.get("role"));
    match role.map(|role| (role, role.as_str())) {
        None => Ok(false),
        Some((_, Some("support"))) => Ok(true),
        Some((role, _)) => {
            let found = role.to_string().trim().to_owned();
            Err(DiscoverError::Role { path: manifest.path.clone(), found })
        }
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
