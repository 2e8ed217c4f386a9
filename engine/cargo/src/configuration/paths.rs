//! Cargo reads some paths relative to the file that they are in, or to the current folder. A build
//! runs it elsewhere.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use toml_edit::{Item, Table, Value};

/// Settings with every path in them absolute; what is relative is so to `root`.
pub(super) fn made_absolute(settings: Table, root: &Path) -> Table {
    let mut item = Item::Table(settings);
    walk(&mut item, &mut Vec::new(), root);
    item.into_table().unwrap_or_default()
}

fn walk(item: &mut Item, path: &mut Vec<String>, root: &Path) {
    if let Some(table) = item.as_table_like_mut() {
        for (key, item) in table.iter_mut() {
            path.push(key.get().to_owned());
            walk(item, path, root);
            path.pop();
        }
        return;
    }
    let keys: Vec<_> = path.iter().map(String::as_str).collect();
    let Some(kind) = PathKind::from_key(&keys) else { return };
    let absolute = |value: &mut Value| {
        if let Some(text) = value.as_str() {
            *value = kind.absolute(text, root).into();
        }
    };
    match item {
        Item::Value(Value::Array(list)) if keys.last() == Some(&PROVIDERS) => {
            list.iter_mut().for_each(absolute);
        }
        // Its first is the program.
        Item::Value(Value::Array(list)) => list.get_mut(0).into_iter().for_each(absolute),
        Item::Value(value) => absolute(value),
        _ => {}
    }
}

const PROVIDERS: &str = "global-credential-providers";

/// The way in which a setting names a file.
#[derive(Clone, Copy)]
enum PathKind {
    /// A path.
    Path,
    /// A program: without a slash it is looked for on the `PATH`.
    Program,
    /// A program, maybe with arguments.
    CommandLine,
    /// A URL, which is relative to a folder where it begins with `file:` and no slash.
    Url,
}

impl PathKind {
    fn from_key(path: &[&str]) -> Option<Self> {
        match path {
            ["source", _, "directory" | "local-registry"] | ["http", "cainfo" | "proxy-cainfo"] => {
                Some(Self::Path)
            }
            ["target", _, "linker"] => Some(Self::Program),
            ["registries", _, "credential-provider"]
            | ["registry", "credential-provider" | PROVIDERS]
            | ["credential-alias", _] => Some(Self::CommandLine),
            ["registries", _, "index"] => Some(Self::Url),
            _ => None,
        }
    }

    fn absolute(self, text: &str, root: &Path) -> String {
        let joined = |path: &str| root.join(path).to_string_lossy().into_owned();
        match self {
            Self::Path => joined(text),
            Self::Program if text.contains('/') => joined(text),
            Self::CommandLine
                if text.split(' ').next().is_some_and(|program| program.contains('/')) =>
            {
                joined(text)
            }
            Self::Url => match text.strip_prefix("file:") {
                Some(path) if !path.starts_with('/') => format!("file://{}", joined(path)),
                _ => text.to_owned(),
            },
            Self::Program | Self::CommandLine => text.to_owned(),
        }
    }
}

/// Makes the path in a variable's value absolute, which is relative to the current folder.
pub(super) fn made_absolute_of_variable(name: &OsStr, value: OsString, current: &Path) -> OsString {
    let Some(name) = name.to_str() else { return value };
    let ends = |with: &[&str]| with.iter().any(|end| name.ends_with(end));
    let kind = if ends(&["_CAINFO", "_DIRECTORY", "_LOCAL_REGISTRY"]) {
        PathKind::Path
    } else if ends(&["_LINKER"]) {
        PathKind::Program
    } else if ends(&["_CREDENTIAL_PROVIDER"]) || name.contains("_CREDENTIAL_ALIAS_") {
        PathKind::CommandLine
    } else {
        return value;
    };
    match value.to_str() {
        Some(text) if !text.is_empty() => kind.absolute(text, current).into(),
        _ => value,
    }
}
