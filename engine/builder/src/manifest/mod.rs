//! Reading `Cargo.toml` files.

pub(crate) mod carried;
mod dependencies;
mod inherit;

use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

use crate::container;
pub(crate) use dependencies::{Dependency, dependencies, for_each_dependency, for_each_holder};

/// Files by which Cargo marks what it unpacked from a registry, checked out or vendored.
const CARGOS_OWN: [&str; 2] = [".cargo-ok", ".cargo-checksum.json"];

/// A manifest on its own: what it inherits from its workspace is filled in.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// The file, under the name that the user gave its folder by.
    pub(crate) path: PathBuf,
    pub(crate) document: DocumentMut,
    /// The workspace that it belongs to.
    pub(crate) workspace: Option<Workspace>,
}

/// The root of a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// Its folder, links resolved.
    pub(crate) folder: PathBuf,
    pub(crate) document: DocumentMut,
}

impl Manifest {
    /// Reads a crate's `Cargo.toml`, and that of its workspace where it inherits.
    pub(crate) fn read(path: PathBuf) -> Result<Self, ManifestError> {
        let document = parse(&path)?;
        let workspace = workspace_of(&path, &document)?;
        let document = inherit::fill_in(&path, document, workspace.as_ref())?;
        Ok(Self { path, document, workspace })
    }

    /// Whether its workspace is not around it, but carried by the builder image.
    pub(crate) fn is_in_carried_workspace(&self) -> bool {
        self.workspace.as_ref().is_some_and(carried::is_carried)
    }

    /// The folder that the manifest lies in.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// A value of the `[package]` table; `None` also where there is no such table.
    pub(crate) fn package(&self, key: &str) -> Option<&Item> {
        self.document.get("package")?.as_table_like()?.get(key)
    }
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error("read a manifest: {0}")]
    Read(#[from] io::Error),
    #[error("`{}` is not TOML: {reason}, at {place}", path.display())]
    Parse { path: PathBuf, reason: String, place: String },
    #[error("`{}` takes `{key}` from its workspace, and {why}", path.display())]
    NotInherited { path: PathBuf, key: String, why: String },
}

fn parse(path: &Path) -> Result<DocumentMut, ManifestError> {
    let mut document = fs_err::read_to_string(path)?.parse::<DocumentMut>().map_err(|error| {
        let text = error.to_string();
        let place = text.lines().next().unwrap_or_default().replace("TOML parse error at ", "");
        ManifestError::Parse { path: path.to_owned(), reason: error.message().to_owned(), place }
    })?;
    dependencies::spell_out(&mut document);
    Ok(document)
}

/// The workspace that a crate belongs to, as Cargo sees it: its own manifest, the one that it
/// names, or the nearest above it with a `[workspace]` table.
fn workspace_of(path: &Path, document: &DocumentMut) -> Result<Option<Workspace>, ManifestError> {
    let folder = fs_err::canonicalize(path.parent().unwrap_or(Path::new("")))?;
    if document.contains_key("workspace") {
        return Ok(Some(Workspace { folder, document: document.clone() }));
    }
    let named = document
        .get("package")
        .and_then(|package| package.as_table_like()?.get("workspace")?.as_str());
    if let Some(named) = named {
        let folder = match (fs_err::canonicalize(folder.join(named)), folder.parent()) {
            (Err(_), Some(policies)) if container::image().is_some() => {
                return carried::around(policies);
            }
            (found, _) => found?,
        };
        let document = parse(&folder.join("Cargo.toml"))?;
        return Ok(Some(Workspace { folder, document }));
    }
    // What Cargo put there is whole: around it is someone else's.
    let Some(above) = folder.parent().filter(|_| !is_cargos_own(&folder)) else { return Ok(None) };
    match workspace_around(above)? {
        None => carried::around(above),
        found => Ok(found),
    }
}

fn is_cargos_own(folder: &Path) -> bool {
    CARGOS_OWN.iter().any(|file| folder.join(file).is_file())
}

/// The nearest workspace that a folder, its links resolved, is the root of or lies in.
pub(crate) fn workspace_around(folder: &Path) -> Result<Option<Workspace>, ManifestError> {
    for above in folder.ancestors() {
        let candidate = above.join("Cargo.toml");
        if candidate.is_file() {
            let document = parse(&candidate)?;
            if document.contains_key("workspace") {
                return Ok(Some(Workspace { folder: above.to_owned(), document }));
            }
        }
        if is_cargos_own(above) {
            break;
        }
    }
    Ok(None)
}

/// A table inside a document by its path, such as `workspace`, `package`.
fn table<'a>(document: &'a DocumentMut, path: &[&str]) -> Option<&'a dyn TableLike> {
    let mut item = document.as_item();
    for key in path {
        item = item.as_table_like()?.get(key)?;
    }
    item.as_table_like()
}
