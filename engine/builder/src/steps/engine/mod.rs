//! The engine's sources: named by the user, of the checkout that this program is of, or embedded.

mod checkout;
mod embedded;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use semver::Version;
use toml_edit::Value;

use crate::steps::features::{FeatureError, Features};
pub(crate) use embedded::Embedded;
use embedded::UnpackError;
use policy_cargo::lockfile::{Lock, LockError};
use policy_cargo::manifest::{Manifest, ManifestError, dependencies};

/// The package that makes a crate a policy crate.
pub(crate) const POLICY_API: &str = "policy-api";

/// The generated package's name.
pub(crate) const PROGRAM: &str = "policy-engine-program";

/// The engine's own names, which no crate may have.
pub(crate) const TAKEN: [&str; 8] = [
    POLICY_API,
    "policy-confinement",
    "policy-console",
    "policy-engine",
    "policy-report",
    "policy-text",
    "policy-tls",
    PROGRAM,
];

/// The engine's own sources: what every policy is built against.
#[derive(Debug)]
pub(crate) struct Engine {
    /// The folder that holds `engine/api` and `engine/runtime`.
    pub(crate) root: PathBuf,
    /// They are unpacked from this program: nobody edits them, nor works beside them.
    pub(crate) is_embedded: bool,
    pub(crate) api: Manifest,
    pub(crate) runtime: Manifest,
    /// The other crates below `engine` that these two depend on, sorted by folder.
    pub(crate) shared: Vec<Manifest>,
    /// The version of `policy-api`, which policies ask for.
    pub(crate) api_version: Version,
    /// The version of `policy-engine`.
    pub(crate) version: Version,
    /// What is asked of its optional parts.
    pub(crate) features: Features,
    /// The dependencies of the optional parts that are left out.
    pub(crate) left_out: BTreeSet<String>,
}

impl Engine {
    /// Finds the sources: where the user says, in the checkout that this program is of, or in the
    /// program itself.
    pub(crate) fn locate(given: Option<&Path>) -> Result<Self, EngineError> {
        if let Some(root) = given {
            return Self::at(root)?.ok_or_else(|| EngineError::NotThere(root.to_owned()));
        }
        for root in checkout::candidates() {
            if let Some(engine) = Self::at(&root)? {
                return Ok(engine);
            }
        }
        let embedded = Embedded::get().ok_or(EngineError::Nowhere)?;
        let root = embedded.unpack()?;
        let engine = Self::at(&root)?.ok_or(EngineError::NotThere(root))?;
        Ok(Self { is_embedded: true, ..engine })
    }

    fn at(root: &Path) -> Result<Option<Self>, EngineError> {
        let [api, runtime] =
            ["api", "runtime"].map(|name| root.join("engine").join(name).join("Cargo.toml"));
        if !api.is_file() || !runtime.is_file() {
            return Ok(None);
        }
        let (api, runtime) = (Manifest::read(api)?, Manifest::read(runtime)?);
        let version = |manifest: &Manifest| {
            manifest
                .package("version")
                .and_then(|version| version.as_str()?.parse().ok())
                .ok_or_else(|| EngineError::NoVersion(manifest.path.clone()))
        };
        Ok(Some(Self {
            root: fs_err::canonicalize(root)?,
            is_embedded: false,
            api_version: version(&api)?,
            version: version(&runtime)?,
            features: Features::default(),
            left_out: BTreeSet::new(),
            shared: shared([&api, &runtime])?,
            api,
            runtime,
        }))
    }

    /// The engine with the optional parts that are wanted, and no other.
    pub(crate) fn with_features(mut self, features: &Features) -> Result<Self, EngineError> {
        self.left_out = features.choose(&mut self.runtime.document)?;
        self.shared = shared([&self.api, &self.runtime])?;
        self.features = features.clone();
        Ok(self)
    }

    /// Its crates, each with its place below the root, such as `engine/api`.
    pub(crate) fn crates(&self) -> impl Iterator<Item = (String, &Manifest)> {
        [&self.api, &self.runtime].into_iter().chain(&self.shared).map(|manifest| {
            let name = manifest.folder().file_name().unwrap_or_default();
            (format!("engine/{}", name.to_string_lossy()), manifest)
        })
    }

    /// The crates that are compiled to be small, as none is on a request's way: what
    /// `compiled-for-size` names in the `[package.metadata.policy-engine]` of its crates' manifests.
    pub(crate) fn compiled_for_size(&self) -> BTreeSet<&str> {
        let listed = |manifest| {
            let metadata = Manifest::package(manifest, "metadata")?.get("policy-engine")?;
            metadata.get("compiled-for-size")?.as_array()
        };
        let manifests = self.crates().map(|(_, manifest)| manifest);
        manifests.filter_map(listed).flatten().filter_map(Value::as_str).collect()
    }

    /// Its own lock: an empty one where it has none.
    pub(crate) fn lock(&self) -> Result<Lock, LockError> {
        let path = self.root.join("Cargo.lock");
        if path.is_file() { Lock::read(&path) } else { Ok(Lock::default()) }
    }

    /// The part of the API's version within which policies are compatible, as it stands in the
    /// paths where generated code meets the API and the runtime.
    pub(crate) fn api_stamp(&self) -> String {
        match (self.api_version.major, self.api_version.minor) {
            (0, minor) => format!("0_{minor}"),
            (major, _) => major.to_string(),
        }
    }
}

/// The crates in `engine` that the API and the runtime depend on, directly or not.
fn shared(known: [&Manifest; 2]) -> Result<Vec<Manifest>, EngineError> {
    let [api, _] = known;
    let folder = api.folder().parent().unwrap_or(Path::new(""));
    let mut shared = BTreeMap::new();
    let mut next = known.map(dependencies).concat();
    while let Some(dependency) = next.pop() {
        let Some(path) = dependency.path else { continue };
        let Some(name) = path.file_name() else { continue };
        let path = folder.join(name);
        let is_known = known.iter().any(|known| known.folder() == path);
        if is_known || shared.contains_key(&path) || !path.join("Cargo.toml").is_file() {
            continue;
        }
        let manifest = Manifest::read(path.join("Cargo.toml"))?;
        next.extend(dependencies(&manifest));
        shared.insert(path, manifest);
    }
    Ok(shared.into_values().collect())
}

/// An error of finding the engine's sources.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(
        "the engine's sources are not in `{}`: expected `engine/api` and `engine/runtime` \
         there\nhelp: name a checkout of policy-engine with `--engine`", .0.display()
    )]
    NotThere(PathBuf),
    #[error(
        "the engine's sources are not in this program, as it was built without the feature \
         `embedded-engine`\nhelp: name a checkout of policy-engine with `--engine` or \
         `POLICY_ENGINE_SOURCE`"
    )]
    Nowhere,
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error("the engine's `{}` has no semantic version", .0.display())]
    NoVersion(PathBuf),
    #[error(transparent)]
    Feature(#[from] FeatureError),
    #[error("failed to read the engine's sources: {0}")]
    Manifest(#[from] ManifestError),
    #[error("failed to read the engine's sources: {0}")]
    Read(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_crates_are_listed_and_their_names_reserved() {
        let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
        let places: Vec<_> = engine.crates().map(|(place, _)| place).collect();
        assert_eq!(
            places,
            [
                "engine/api",
                "engine/runtime",
                "engine/confinement",
                "engine/console",
                "engine/report",
                "engine/text",
                "engine/tls"
            ]
        );
        for (place, manifest) in engine.crates() {
            let name = manifest.package("name").unwrap().as_str().unwrap();
            assert!(TAKEN.contains(&name), "{place}");
        }
    }

    /// Cargo warns of a profile of a crate that is not there.
    #[test]
    fn crates_compiled_for_size_are_those_that_are_there() {
        let small = |features: &str| {
            let features: Features = features.parse().unwrap();
            let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
            let engine = engine.with_features(&features).unwrap();
            engine.compiled_for_size().into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let lock = Lock::read(Path::new("../../Cargo.lock")).unwrap();
        let is_locked = |name: &String| lock.packages.iter().any(|locked| locked.name == *name);
        let all = small("");
        assert_eq!(all.iter().find(|name| !is_locked(name)), None);
        assert!(
            ["clap", "maud", "rustls-webpki"].iter().all(|name| all.contains(*name)),
            "{all:?}"
        );
        let less = small("-console,-tls");
        assert!(less.contains("clap"), "{less:?}");
        assert!(!["maud", "rustls-webpki"].iter().any(|name| less.contains(*name)), "{less:?}");
    }
}
