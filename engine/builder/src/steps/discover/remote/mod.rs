//! Policies from elsewhere: what `[policies]` of `policies.toml` names, in Cargo's own syntax.
//!
//! Cargo fetches what lies in registries and Git repositories, so what it knows of registries,
//! credentials, proxies and vendored sources holds here as well. The crates are then read like
//! those of the policies folder.

mod entry;
mod error;
mod fetch;

use std::path::{Path, PathBuf};

use crate::steps::discover::policies_file::PoliciesFile;
use crate::steps::engine::Engine;
use entry::EntrySource;
pub(crate) use entry::{Entry, entries};
pub(crate) use error::RemoteError;
use policy_cargo::Pins;
use policy_cargo::Source;

/// A policy from elsewhere that is on this machine.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) entry: Entry,
    pub(crate) manifest: PathBuf,
    pub(crate) origin: Source,
}

/// Fetches what the file names, in its order, in the versions that are pinned where they are.
pub(crate) fn fetched(
    file: &PoliciesFile,
    engine: &Engine,
    pins: &Pins,
) -> Result<Vec<Fetched>, RemoteError> {
    entries(file)?
        .into_iter()
        .map(|entry| {
            let (manifest, origin) = match &entry.place {
                EntrySource::Folder(folder) => in_folder(&entry, folder, &file.path)?,
                EntrySource::Registry(_) | EntrySource::Git => fetch::fetch(&entry, engine, pins)?,
            };
            Ok(Fetched { entry, manifest, origin })
        })
        .collect()
}

fn in_folder(entry: &Entry, folder: &Path, file: &Path) -> Result<(PathBuf, Source), RemoteError> {
    let folder = file.parent().unwrap_or(Path::new("")).join(folder);
    let manifest = folder.join("Cargo.toml");
    if !manifest.is_file() {
        let (file, key) = (file.to_owned(), entry.key.clone());
        return Err(RemoteError::NoCrate { file, key, folder });
    }
    Ok((manifest, Source::Remote { source: None, checksum: None }))
}
