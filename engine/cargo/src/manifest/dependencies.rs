use std::path::{Path, PathBuf};

use semver::VersionReq;
use toml_edit::{DocumentMut, Item, TableLike};

const KINDS: [&str; 3] = ["dependencies", "build-dependencies", "dev-dependencies"];

/// One dependency of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The package's name.
    pub package: String,
    /// The required versions.
    pub requirement: Option<String>,
    /// The folder that it lies in, when it comes from one.
    pub path: Option<PathBuf>,
    /// `true` if it comes from a registry, and is there whatever features are on.
    always_from_registry: bool,
    /// `true` if it is linked on every platform: no build dependency, not optional, for no target
    /// alone.
    pub linked: bool,
}

impl Dependency {
    /// The required versions of a package from a registry, where that is certain.
    #[must_use]
    pub fn version_req(&self) -> Option<VersionReq> {
        self.requirement.as_ref().filter(|_| self.always_from_registry)?.parse().ok()
    }
}

pub(super) fn read(table: TableKind, key: &str, item: &Item, folder: &Path) -> Dependency {
    let field = |name: &str| item.as_table_like()?.get(name)?.as_str();
    let optional = item.get("optional").and_then(Item::as_bool).unwrap_or(false);
    let from_registry = field("path").is_none() && field("git").is_none();
    Dependency {
        package: field("package").unwrap_or(key).to_owned(),
        requirement: item.as_str().or_else(|| field("version")).map(str::to_owned),
        path: field("path").map(|path| folder.join(path)),
        always_from_registry: from_registry && !optional,
        linked: table == TableKind::Linked && !optional,
    }
}

/// Which of a manifest's tables a dependency stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// `dependencies`
    Linked,
    /// `dev-dependencies`
    Tests,
    /// `build-dependencies`, or a table for one target.
    Other,
}

/// Visits every dependency: its table, its key and what it is set to.
pub fn for_each_dependency(
    document: &mut DocumentMut,
    mut visit: impl FnMut(TableKind, &str, &mut Item),
) {
    for_each_holder(document, |holder, is_target| {
        for kind in KINDS {
            let table = match kind {
                "dev-dependencies" => TableKind::Tests,
                "dependencies" if !is_target => TableKind::Linked,
                _ => TableKind::Other,
            };
            let dependencies = holder.get_mut(kind).and_then(Item::as_table_like_mut);
            for (key, item) in dependencies.into_iter().flat_map(|dependency| dependency.iter_mut())
            {
                visit(table, key.get(), item);
            }
        }
    });
}

/// Gives the spellings with `_`, which Cargo takes in older editions, those with `-`.
pub(super) fn spell_out(document: &mut DocumentMut) {
    for_each_holder(document, |holder, _| {
        for kind in ["dev", "build"] {
            if let Some(table) = holder.remove(&format!("{kind}_dependencies")) {
                holder.insert(&format!("{kind}-dependencies"), table);
            }
        }
    });
    for_each_dependency(document, |_, _, item| {
        if let Some(dependency) = item.as_table_like_mut()
            && let Some(value) = dependency.remove("default_features")
        {
            dependency.insert("default-features", value);
        }
    });
}

/// Visits what may hold tables of dependencies: the manifest itself, and each target in it.
pub fn for_each_holder(
    document: &mut DocumentMut,
    mut visit: impl FnMut(&mut dyn TableLike, bool),
) {
    visit(document.as_table_mut(), false);
    let targets = document.get_mut("target").and_then(Item::as_table_like_mut);
    for (_, target) in targets.into_iter().flat_map(|targets| targets.iter_mut()) {
        if let Some(target) = target.as_table_like_mut() {
            visit(target, true);
        }
    }
}
