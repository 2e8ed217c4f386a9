//! Reading `Cargo.toml` files.

mod dependencies;
mod error;
mod inherit;
mod workspace;

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::toml::{self, SyntaxError};

pub use dependencies::{Dependency, for_each_dependency, for_each_holder};
pub use error::{ManifestError, Missing};
pub use workspace::Workspace;

/// Files by which Cargo marks what it unpacked from a registry, checked out or vendored.
const CARGOS_OWN: [&str; 2] = [".cargo-ok", ".cargo-checksum.json"];

/// A manifest on its own: what it inherits from its workspace is filled in.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file, under the name that the user gave its folder by.
    pub path: PathBuf,
    /// The manifest itself.
    pub document: DocumentMut,
    /// The workspace that it belongs to.
    pub workspace: Option<Workspace>,
}

impl Manifest {
    /// Reads a crate's `Cargo.toml`, and that of its workspace where it inherits.
    ///
    /// # Errors
    /// When a manifest cannot be read, or lacks what the crate inherits.
    pub fn read(path: PathBuf) -> Result<Self, ManifestError> {
        Self::read_with(path, None)
    }

    /// Reads a manifest like [`read`](Self::read), with a workspace for crates that are not in
    /// their own here.
    ///
    /// # Errors
    /// When a manifest cannot be read, or lacks what the crate inherits.
    pub fn read_with(
        path: PathBuf,
        fallback: Option<&WorkspaceFallback<'_>>,
    ) -> Result<Self, ManifestError> {
        let document = parse(&path)?;
        let Around { workspace, excluding } = workspace_of(&path, &document, fallback)?;
        let (around, excluding) = (workspace.as_ref(), excluding.as_deref());
        let document = inherit::fill_in(&path, document, around, excluding)?;
        Ok(Self { path, document, workspace })
    }

    /// The folder that the manifest lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// A value of the `[package]` table; `None` also where there is no such table.
    #[must_use]
    pub fn package(&self, key: &str) -> Option<&Item> {
        self.document.get("package")?.as_table_like()?.get(key)
    }
}

/// The dependencies of a crate when it is built; those of its tests do not count.
#[must_use]
pub fn dependencies(manifest: &Manifest) -> Vec<Dependency> {
    let mut document = manifest.document.clone();
    let mut found = Vec::new();
    for_each_dependency(&mut document, |table, key, item| {
        if table != dependencies::TableKind::Tests {
            found.push(dependencies::read(table, key, item, manifest.folder()));
        }
    });
    found
}

/// Finds a workspace for the crates of a folder that have none around them.
pub type WorkspaceFallback<'a> = dyn Fn(&Path) -> Result<Option<Workspace>, ManifestError> + 'a;

/// Parses a manifest without filling in what it inherits.
///
/// # Errors
/// When the file cannot be read or is not TOML.
pub fn parse(path: &Path) -> Result<DocumentMut, ManifestError> {
    let mut document = toml::parse(&fs_err::read_to_string(path)?).map_err(|error| {
        let SyntaxError { reason, place } = error;
        ManifestError::Parse { path: path.to_owned(), reason, place }
    })?;
    dependencies::spell_out(&mut document);
    Ok(document)
}

/// The workspace that a crate belongs to.
struct Around {
    workspace: Option<Workspace>,
    /// The manifest of the nearest that it would belong to if that did not exclude it.
    excluding: Option<PathBuf>,
}

impl From<Workspace> for Around {
    fn from(workspace: Workspace) -> Self {
        Self { workspace: Some(workspace), excluding: None }
    }
}

/// The workspace of a crate, as Cargo sees it: its own manifest, the one that it names, or the
/// nearest above it with a `[workspace]` table that does not exclude it.
fn workspace_of(
    path: &Path,
    document: &DocumentMut,
    fallback: Option<&WorkspaceFallback<'_>>,
) -> Result<Around, ManifestError> {
    let folder = fs_err::canonicalize(path.parent().unwrap_or(Path::new("")))?;
    if document.contains_key("workspace") {
        return Ok(Workspace { folder, document: document.clone() }.into());
    }
    let named = document
        .get("package")
        .and_then(|package| package.as_table_like()?.get("workspace")?.as_str());
    if let Some(named) = named {
        let root = folder.join(named);
        if let (false, Some(above), Some(fallback)) = (root.exists(), folder.parent(), fallback) {
            return Ok(Around { workspace: fallback(above)?, excluding: None });
        }
        if !root.join("Cargo.toml").is_file() {
            let workspace = path.with_file_name(named).join("Cargo.toml");
            let (path, named) = (path.to_owned(), named.to_owned());
            return Err(ManifestError::NoWorkspace { path, named, workspace });
        }
        let document = parse(&root.join("Cargo.toml"))?;
        return Ok(Workspace { folder: fs_err::canonicalize(root)?, document }.into());
    }
    let mut excluding = None;
    let mut below = folder.clone();
    // What Cargo put there is whole: around it is someone else's.
    while let Some(above) = below.parent().filter(|_| !is_cargos_own(&below)) {
        let Some(workspace) = workspace_around(above)? else {
            let workspace = match fallback {
                Some(fallback) if excluding.is_none() => fallback(above)?,
                _ => None,
            };
            return Ok(Around { workspace, excluding });
        };
        if !workspace.excludes(&folder) {
            return Ok(Around { workspace: Some(workspace), excluding });
        }
        excluding.get_or_insert(workspace.folder.join("Cargo.toml"));
        below = workspace.folder;
    }
    Ok(Around { workspace: None, excluding })
}

fn is_cargos_own(folder: &Path) -> bool {
    CARGOS_OWN.iter().any(|file| folder.join(file).is_file())
}

/// The nearest workspace that a folder, its links resolved, is the root of or lies in.
///
/// # Errors
/// When a manifest cannot be read or is not TOML.
pub fn workspace_around(folder: &Path) -> Result<Option<Workspace>, ManifestError> {
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

/// Checks whether Cargo takes this for a package's name.
#[must_use]
pub fn is_package_name(name: &str) -> bool {
    let is_allowed =
        |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let starts_well = |first: char| first.is_ascii_alphabetic() || first == '_';
    name.starts_with(starts_well) && name.chars().all(is_allowed)
}
