//! Crates that lie deeper in the policies folder.

use std::path::{Path, PathBuf};

use super::{DiscoverError, PolicyCrate};

use crate::steps::engine::Engine;
use crate::steps::engine::POLICY_API;
use policy_cargo::manifest::dependencies;

/// Adds the crates in the policies folder, or in the folders of its crates, that others depend on
/// by their paths and that are not there yet. Other folders are for the check of the graph.
pub(super) fn add(
    crates: &mut Vec<PolicyCrate>,
    root: &Path,
    engine: &Engine,
) -> Result<(), DiscoverError> {
    let top = (fs_err::canonicalize(root)?, root.to_owned(), String::new());
    // A crate's folder may be a link out of the policies folder.
    let of_crate = |found: &PolicyCrate| {
        let folder = found.manifest.folder().to_owned();
        (found.location.clone(), folder, format!("{}/", found.folder))
    };
    let around: Vec<_> = crates.iter().map(of_crate).chain([top]).collect();
    let mut next = 0;
    while let Some(dependent) = crates.get(next) {
        next += 1;
        let folders = dependencies(&dependent.manifest).into_iter();
        let folders = folders.filter(|dependency| dependency.package != POLICY_API);
        let folders = folders.filter_map(|dependency| dependency.path);
        for folder in folders.collect::<Vec<_>>() {
            let Ok(location) = fs_err::canonicalize(&folder) else { continue };
            if crates.iter().any(|found| found.location == location) {
                continue;
            }
            let inside = around.iter().find_map(|(place, shown, name)| {
                Some((location.strip_prefix(place).ok()?, shown, name))
            });
            let Some((inside, shown, name)) = inside else { continue };
            let path: PathBuf = shown.join(inside).join("Cargo.toml");
            // The folder of all is no crate's.
            if inside != Path::new("") && path.is_file() {
                let not_utf8 = || DiscoverError::NotUtf8 { path: path.clone() };
                let name = format!("{name}{}", inside.to_str().ok_or_else(not_utf8)?);
                crates.push(PolicyCrate::read_nested(name, path, engine)?);
            }
        }
    }
    Ok(())
}
