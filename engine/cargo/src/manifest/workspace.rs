use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, TableLike, Value};

/// The root of a workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its folder, links resolved.
    pub folder: PathBuf,
    /// The manifest at its root.
    pub document: DocumentMut,
}

impl Workspace {
    /// Checks whether a folder, its links resolved, is none of its members though it lies in it: it
    /// is excluded, and not listed as a member by its own path.
    pub(super) fn excludes(&self, folder: &Path) -> bool {
        let lists = |key| {
            let list = table(&self.document, &["workspace"])?.get(key)?.as_array();
            Some(list?.iter().filter_map(Value::as_str).any(|path| {
                let path = path.strip_prefix("./").unwrap_or(path);
                folder.starts_with(self.folder.join(path))
            }))
        };
        lists("exclude").unwrap_or(false) && !lists("members").unwrap_or(false)
    }
}

/// A table inside a document by its path, such as `workspace`, `package`.
pub(super) fn table<'a>(document: &'a DocumentMut, path: &[&str]) -> Option<&'a dyn TableLike> {
    let mut item = document.as_item();
    for key in path {
        item = item.as_table_like()?.get(key)?;
    }
    item.as_table_like()
}
