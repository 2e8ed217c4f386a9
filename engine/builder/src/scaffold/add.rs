use std::io::{ErrorKind, Write as _};
use std::path::Path;

use toml_edit::DocumentMut;

use super::{Api, CrateName, Form, ScaffoldError, Written, files, member};
use crate::artifacts;
use crate::steps::engine::Engine;
use crate::steps::engine::POLICY_API;
use policy_host::atomic;

/// Adds a policy crate to a policies folder.
///
/// It takes `policy-api` from where its neighbours do, or else the engine's version, unless that is
/// given.
///
/// # Errors
/// Finds a crate that has this name already, or one that Rust takes for the same.
pub(crate) fn add(
    policies: &Path,
    name: &CrateName,
    form: Form,
    api: Option<&Api>,
    engine: Option<&Path>,
) -> Result<Written, ScaffoldError> {
    let folder = policies.join(name.as_str());
    let neighbours = neighbours(policies, name)?;
    atomic::check_folder(&folder, artifacts::POLICY_CRATE)?;
    let api = match api.cloned().or_else(|| neighbours.iter().find_map(api_of)) {
        Some(api) => api,
        None => Api::from_engine(&Engine::locate(engine)?),
    };
    let listing = member::listing(policies, name, api.is_inherited())?;
    if let Some((manifest, _)) = &listing {
        atomic::check_file(manifest, artifacts::MANIFEST)?;
    }
    let files = files::of_crate(name, &api, form);
    atomic::replace_folder(&folder, artifacts::POLICY_CRATE, |new| files::write(&files, new))?;
    if let Some((manifest, text)) = &listing {
        atomic::replace_file(manifest, artifacts::MANIFEST, |file| {
            file.write_all(text.as_bytes())
        })?;
    }
    let created = files.into_iter().map(|(path, _)| folder.join(path)).collect();
    Ok(Written { folder, created, changed: listing.map(|(manifest, _)| manifest) })
}

/// The manifests of the crates that are there, sorted by folder, none of which may have this name.
fn neighbours(policies: &Path, name: &CrateName) -> Result<Vec<DocumentMut>, ScaffoldError> {
    let entries = fs_err::read_dir(policies).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            ScaffoldError::NoFolder(policies.to_owned())
        }
        _ => error.into(),
    })?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let text = fs_err::read_to_string(path.join("Cargo.toml")).unwrap_or_default();
        // One that is not as it should be is told of where it is built.
        let manifest: DocumentMut = text.parse().unwrap_or_default();
        let package = manifest.get("package").and_then(|table| table.get("name")?.as_str());
        let folder = path.file_name().and_then(|name| name.to_str());
        let existing = [folder, package].into_iter().flatten().find(|existing| name.is(existing));
        if let Some(existing) = existing.map(str::to_owned) {
            return Err(ScaffoldError::Exists { name: name.to_string(), existing, path });
        }
        found.push(manifest);
    }
    Ok(found)
}

fn api_of(manifest: &DocumentMut) -> Option<Api> {
    Api::in_manifest(manifest.get("dependencies")?.get(POLICY_API)?)
}
