//! Workspaces that a builder image carries: its container sees a policies folder, and rarely the
//! workspace around it that the crates inherit from.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::container;
use policy_cargo::manifest::{Manifest, ManifestError, Missing, Workspace, parse};
use policy_host::paths;

/// Names the folder of the carried workspaces.
pub(crate) const CARRIED: &str = "POLICY_BUILDER_WORKSPACES";
/// The manifest of one, its paths relative to the policies folder.
const MANIFEST: &str = "Cargo.toml";
/// The crates of the policies folder: the package's name by the folder's.
const CRATES: &str = "crates.json";

/// Reads the manifest of a crate in a policies folder, with the workspace that the image carries for
/// it where its own is not in this container.
pub(crate) fn read_manifest(path: PathBuf) -> Result<Manifest, ManifestError> {
    let carried = env::var_os(CARRIED);
    let around = |policies: &Path| match &carried {
        Some(carried) => among(Path::new(carried), policies),
        None => Ok(None),
    };
    let is_container = carried.is_some() || container::image().is_some();
    Manifest::read_with(path, is_container.then_some(&around)).map_err(explain)
}

/// Says in terms of the container why a workspace lacks what a crate inherits.
fn explain(error: ManifestError) -> ManifestError {
    let ManifestError::NotInherited { path, key, missing } = error else { return error };
    let mounting = container::mounting_the_workspace(&path);
    let missing = match (missing, mounting) {
        (Missing::Key(folder), mounting) if is_in_carried(&folder) => Missing::Explained(format!(
            "it was not there yet when the builder image was made\nhelp: make the image again, or \
             mount the workspace in its folder with `{}`",
            mounting.unwrap_or_default()
        )),
        (Missing::Workspace, Some(mounting)) => Missing::Explained(format!(
            "the container does not see the workspace\nhelp: mount all of it in its folder with \
             `{mounting}`"
        )),
        (missing, _) => missing,
    };
    ManifestError::NotInherited { path, key, missing }
}

/// The carried workspace that was around this policies folder when the image was made; `None` for
/// a folder that lacks one of the crates of then, as it may be another's.
fn among(carried: &Path, policies: &Path) -> Result<Option<Workspace>, ManifestError> {
    let entries = fs_err::read_dir(carried)?.map(|entry| Ok(entry?.path()));
    let mut folders = entries.collect::<io::Result<Vec<_>>>()?;
    folders.sort();
    for folder in folders {
        let crates = fs_err::read_to_string(folder.join(CRATES))?;
        let crates: BTreeMap<String, String> =
            serde_json::from_str(&crates).map_err(io::Error::from)?;
        let lies_there = |(folder, name): (&String, &String)| {
            let document = parse(&policies.join(folder).join("Cargo.toml")).ok();
            document.is_some_and(|document| package_name(&document) == Some(name))
        };
        if crates.iter().all(lies_there) {
            let mut document = parse(&folder.join(MANIFEST))?;
            rewrite_paths(&mut document, |path| Ok(policies.join(path)))?;
            return Ok(Some(Workspace { folder, document }));
        }
    }
    Ok(None)
}

/// Checks whether a workspace is one that the image carries.
pub(crate) fn is_carried(workspace: &Workspace) -> bool {
    is_in_carried(&workspace.folder)
}

fn is_in_carried(folder: &Path) -> bool {
    env::var_os(CARRIED).is_some_and(|carried| folder.starts_with(carried))
}

/// The files of a workspace that is to be carried, by their names, for a policies folder in it
/// (links resolved) with these crates.
pub(crate) fn files(
    workspace: &Workspace,
    policies: &Path,
    crates: &BTreeMap<&str, &str>,
) -> io::Result<[(&'static str, String); 2]> {
    let mut document = workspace.document.clone();
    rewrite_paths(&mut document, |path| {
        Ok(paths::relative(policies, &paths::absolute(&workspace.folder.join(path))?))
    })?;
    Ok([(MANIFEST, document.to_string()), (CRATES, serde_json::to_string(crates)?)])
}

fn package_name(document: &DocumentMut) -> Option<&str> {
    document.get("package")?.as_table_like()?.get("name")?.as_str()
}

/// Changes where the dependencies lie that crates inherit.
fn rewrite_paths(
    document: &mut DocumentMut,
    change: impl Fn(&Path) -> io::Result<PathBuf>,
) -> io::Result<()> {
    let workspace = document.get_mut("workspace").and_then(Item::as_table_like_mut);
    let dependencies = workspace
        .and_then(|dependency| dependency.get_mut("dependencies"))
        .and_then(Item::as_table_like_mut);
    for (_, item) in dependencies.into_iter().flat_map(TableLike::iter_mut) {
        let path = item.as_table_like_mut().and_then(|table| table.get_mut("path"));
        if let Some(path) = path
            && let Some(old) = path.as_str()
        {
            let new = change(Path::new(old))?.to_string_lossy().into_owned();
            *path = Item::Value(Value::from(new));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_folder_gets_its_former_workspace_manifest() {
        let temporary = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(temporary.path()).unwrap();
        let write = |file: &str, text: &str| {
            let file = root.join(file);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(file, text).unwrap();
        };
        let text = "[workspace.package]\nversion = \"1.2.0\"\n[workspace.dependencies]\n\
                    a = { path = \"rules/a\" }\nb = { path = \"libs/b\" }\nserde = \"1\"\n";
        let workspace = Workspace { folder: root.join("w"), document: text.parse().unwrap() };
        let crates = BTreeMap::from([("a", "rule-a"), ("c", "rule-c")]);
        for (name, text) in files(&workspace, &root.join("w/rules"), &crates).unwrap() {
            write(&format!("carried/0/{name}"), &text);
        }
        write("mounted/a/Cargo.toml", "package.name = \"rule-a\"");
        write("mounted/c/Cargo.toml", "package.name = \"rule-c\"");
        write("mounted/new/Cargo.toml", "package.name = \"new\"");
        let found = among(&root.join("carried"), &root.join("mounted")).unwrap().unwrap();
        assert_eq!(found.folder, root.join("carried/0"));
        let shared = &found.document["workspace"]["dependencies"];
        let path = |name: &str| PathBuf::from(shared[name]["path"].as_str().unwrap());
        assert_eq!(path("a"), root.join("mounted/a"));
        assert_eq!(path("b"), root.join("mounted/../libs/b"));
        assert_eq!(shared["serde"].as_str(), Some("1"));
        assert_eq!(found.document["workspace"]["package"]["version"].as_str(), Some("1.2.0"));

        // Another crate in a folder of that name: somebody else's.
        write("mounted/a/Cargo.toml", "package.name = \"other\"");
        assert!(among(&root.join("carried"), &root.join("mounted")).unwrap().is_none());
    }
}
