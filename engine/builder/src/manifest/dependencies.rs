use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

use super::Manifest;

/// The tables of dependencies that count in a build; tests' do not.
const KINDS: [&str; 2] = ["dependencies", "build-dependencies"];

/// One dependency of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package's name.
    pub(crate) package: String,
    /// What versions it may have.
    pub(crate) requirement: Option<String>,
    /// The folder that it lies in, when it comes from one.
    pub(crate) path: Option<PathBuf>,
    /// Whether it is linked (`dependencies`), not only built with.
    pub(crate) linked: bool,
}

/// What a crate depends on.
pub(crate) fn dependencies(manifest: &Manifest) -> Vec<Dependency> {
    let mut document = manifest.document.clone();
    let mut found = Vec::new();
    for_each_dependency(&mut document, |kind, key, item| {
        found.push(read(kind, key, item, manifest.folder()));
    });
    found
}

fn read(kind: &str, key: &str, item: &Item, folder: &Path) -> Dependency {
    let field = |name: &str| item.as_table_like()?.get(name)?.as_str();
    Dependency {
        package: field("package").unwrap_or(key).to_owned(),
        requirement: item.as_str().or_else(|| field("version")).map(str::to_owned),
        path: field("path").map(|path| folder.join(path)),
        linked: kind == "dependencies",
    }
}

/// Visits every dependency that counts in a build: its kind, its key and what it is set to.
pub(crate) fn for_each_dependency(
    document: &mut DocumentMut,
    mut visit: impl FnMut(&str, &str, &mut Item),
) {
    for_each_table(document, |kind, table| {
        for (key, item) in table.iter_mut() {
            visit(kind, key.get(), item);
        }
    });
}

fn for_each_table(document: &mut DocumentMut, mut visit: impl FnMut(&str, &mut dyn TableLike)) {
    let mut in_table = |table: &mut dyn TableLike| {
        for kind in KINDS {
            if let Some(dependencies) = table.get_mut(kind).and_then(Item::as_table_like_mut) {
                visit(kind, dependencies);
            }
        }
    };
    in_table(document.as_table_mut());
    if let Some(targets) = document.get_mut("target").and_then(Item::as_table_like_mut) {
        for (_, target) in targets.iter_mut() {
            if let Some(target) = target.as_table_like_mut() {
                in_table(target);
            }
        }
    }
}
