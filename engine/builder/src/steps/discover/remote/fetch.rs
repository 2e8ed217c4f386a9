//! Having Cargo fetch a policy, by a package of no code that depends on it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cargo_metadata::Metadata;
use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

use super::RemoteError;
use super::entry::{Entry, EntrySource};
use crate::container;
use crate::steps::discover::policies_file::POLICIES_FILE;
use crate::steps::engine::Engine;
use crate::steps::engine::POLICY_API;
use policy_cargo::CargoError;
use policy_cargo::Network;
use policy_cargo::Pins;
use policy_cargo::Source;
use policy_cargo::lockfile::{self, Key, Lock, Package};
use policy_host::signals::ScratchDir;

/// The package that depends on the policy. Cargo's words name it.
const PACKAGE: &str = "policies-toml";

/// Fetches a policy from its registry or repository: its manifest, in Cargo's cache, and where it
/// comes from. Without the network where that gives the version that is pinned.
pub(super) fn fetch(
    entry: &Entry,
    engine: &Engine,
    pins: &Pins,
) -> Result<(PathBuf, Source), RemoteError> {
    let found = at_hand_or_newest(
        || fetch_with(entry, engine, pins, Network::Off),
        |(_, package)| pins.contains(package),
        || fetch_with(entry, engine, pins, Network::On),
    );
    let (manifest, package) = found?;
    let Package { source, checksum, .. } = package;
    Ok((manifest, Source::Remote { source, checksum }))
}

/// Takes what is at hand when nothing was chosen anew, else what the network gives; where that
/// gives nothing, what is at hand after all.
fn at_hand_or_newest<T, E>(
    offline: impl FnOnce() -> Result<T, E>,
    is_pinned: impl FnOnce(&T) -> bool,
    online: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    match offline() {
        Ok(found) if is_pinned(&found) => Ok(found),
        Ok(found) => online().or(Ok(found)),
        Err(_) => online(),
    }
}

fn fetch_with(
    entry: &Entry,
    engine: &Engine,
    pins: &Pins,
    network: Network,
) -> Result<(PathBuf, Package), RemoteError> {
    let folder = ScratchDir::new()?;
    let root = fs_err::canonicalize(folder.path())?;
    let lock_file = root.join("Cargo.lock");
    fs_err::create_dir(root.join("api"))?;
    for (file, text) in [
        ("Cargo.toml", manifest(entry)),
        ("lib.rs", String::new()),
        ("api/Cargo.toml", api_manifest(engine)),
        ("api/lib.rs", String::new()),
    ] {
        fs_err::write(root.join(file), text)?;
    }
    fs_err::write(&lock_file, seed(engine, pins)?)?;

    let failed = |words: &str| RemoteError::Words { key: entry.key.clone(), found: words.into() };
    let fetched = policy_cargo::fetch_metadata(&root, network).map_err(container::explain);
    let fetched = fetched.map_err(|error| match error {
        CargoError::Resolve(words) => {
            // The place of that package means nothing to the user.
            let words = words
                .replace(&format!(" v0.0.0 ({})", root.display()), "")
                .replace(&root.join("Cargo.toml").display().to_string(), POLICIES_FILE);
            RemoteError::Fetch { key: entry.key.clone(), words }
        }
        error => error.into(),
    })?;
    let package = find(&fetched.metadata, &entry.package);
    let listed = package.ok_or_else(|| failed("nothing of where it is"))?;
    let lock = Lock::read(&lock_file)?;
    let mut locked =
        lock.pins().filter(|pin| pin.name == *listed.name && pin.version == listed.version);
    let package = locked
        .find(|pin| pin.is_from_registry() == matches!(entry.place, EntrySource::Registry(_)));
    let package = package.ok_or_else(|| failed("nothing of where it comes from"))?;
    // By the path that it keeps: Cargo's home was one for this alone.
    Ok((fs_err::canonicalize(&listed.manifest_path)?, package.clone()))
}

/// The package of this name that the root depends on.
fn find<'a>(metadata: &'a Metadata, package: &str) -> Option<&'a cargo_metadata::Package> {
    let resolve = metadata.resolve.as_ref()?;
    let root = resolve.nodes.iter().find(|node| Some(&node.id) == resolve.root.as_ref())?;
    let of_name = || metadata.packages.iter().filter(|found| *found.name == package);
    // Cargo does not call a package without a library a dependency.
    of_name().find(|found| root.dependencies.contains(&found.id)).or_else(|| of_name().next())
}

/// The locked packages of before: those of `policies.lock`, and the engine's where that has none.
fn seed(engine: &Engine, pins: &Pins) -> Result<String, RemoteError> {
    let engines = engine.lock()?;
    let locked = pins.lock.iter().flat_map(Lock::pins);
    let mut seed: BTreeMap<Key, Package> = BTreeMap::new();
    for pin in locked.chain(engines.pins()) {
        seed.entry(pin.key()).or_insert_with(|| pin.clone().alone());
    }
    Ok(lockfile::text("", seed.values()))
}

/// The package that depends on the policy; whatever `policy-api` that asks for need not be in a
/// registry.
fn manifest(entry: &Entry) -> String {
    let mut document = DocumentMut::new();
    let mut package = Table::new();
    package.insert("name", value(PACKAGE));
    package.insert("version", value("0.0.0"));
    package.insert("edition", value("2024"));
    document.insert("workspace", Item::Table(Table::new()));
    document.insert("package", Item::Table(package));
    document.insert(
        "lib",
        Item::Value([("path", "lib.rs")].into_iter().collect::<InlineTable>().into()),
    );
    let mut dependencies = Table::new();
    let mut dependency = entry.dependency.clone();
    dependency.decor_mut().clear();
    dependencies.insert(&entry.key, Item::Value(dependency));
    document.insert("dependencies", Item::Table(dependencies));
    let source = match &entry.place {
        EntrySource::Registry(name) => name.as_deref(),
        // The repository that the policy comes from may have the API as well.
        EntrySource::Git => {
            entry.dependency.as_inline_table().and_then(|table| table.get("git")?.as_str())
        }
        EntrySource::Folder(_) => None,
    };
    let mut patch = Table::new();
    patch.set_implicit(true);
    for source in ["crates-io"].into_iter().chain(source) {
        let api: InlineTable = [("path", "api")].into_iter().collect();
        let mut replaced = Table::new();
        replaced.insert(POLICY_API, Item::Value(Value::InlineTable(api)));
        patch.insert(source, Item::Table(replaced));
    }
    document.insert("patch", Item::Table(patch));
    document.to_string()
}

/// A `policy-api` of no code and no dependencies, with the version and features of the engine's.
fn api_manifest(engine: &Engine) -> String {
    let features = engine.api.document.get("features").and_then(Item::as_table_like);
    let mut none = Table::new();
    for (name, _) in features.into_iter().flat_map(|feature| feature.iter()) {
        none.insert(name, value(toml_edit::Array::new()));
    }
    let mut package = Table::new();
    package.insert("name", value(POLICY_API));
    package.insert("version", value(engine.api_version.to_string()));
    package.insert("edition", value("2024"));
    let mut document = DocumentMut::new();
    document.insert("package", Item::Table(package));
    document.insert(
        "lib",
        Item::Value([("path", "lib.rs")].into_iter().collect::<InlineTable>().into()),
    );
    document.insert("features", Item::Table(none));
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_version_is_used_if_pinned_or_offline() {
        let taken = |offline: Result<u8, u8>, pinned: bool, online: Result<u8, u8>| {
            at_hand_or_newest(|| offline, |_| pinned, || online)
        };
        assert_eq!(taken(Ok(1), true, Ok(2)), Ok(1));
        assert_eq!(taken(Ok(1), false, Ok(2)), Ok(2));
        assert_eq!(taken(Ok(1), false, Err(2)), Ok(1));
        assert_eq!(taken(Err(1), true, Ok(2)), Ok(2));
        assert_eq!(taken(Err(1), true, Err(2)), Err(2));
    }
}
