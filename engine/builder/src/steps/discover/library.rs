use std::path::{Path, PathBuf};

use toml_edit::{Item, TableLike, Value};

use super::DiscoverError;
use policy_cargo::manifest::Manifest;

/// Words that mean something else at the beginning of a path: the keywords of all editions, and the
/// crates of the standard library.
const RUSTS: [&str; 57] = [
    "Self",
    "_",
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Checks whether Rust can name a crate by this at the beginning of a path.
pub(crate) fn is_crate_name(name: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let starts_well = !name.starts_with(|first: char| first.is_ascii_digit());
    starts_well && !name.is_empty() && name.chars().all(is_allowed) && !RUSTS.contains(&name)
}

/// A crate's library, as its manifest has it or as Cargo takes it to be.
#[derive(Debug)]
pub(crate) struct Library {
    /// The name that Rust knows it by.
    pub(crate) name: String,
    /// The file at its root.
    pub(crate) file: PathBuf,
    kind: LibraryKind,
}

#[derive(Debug)]
enum LibraryKind {
    /// A library that Rust programs can be linked with, maybe in several forms.
    Rust,
    /// Something else than that, and only that.
    Other(Vec<String>),
    /// A procedural macro, which the compiler runs.
    Macros,
}

impl Library {
    pub(super) fn new(manifest: &Manifest, package: &str) -> Self {
        let table = manifest.document.get("lib").and_then(Item::as_table_like);
        let given = |key| table?.get(key)?.as_str();
        Self {
            name: given("name").map_or_else(|| package.replace('-', "_"), str::to_owned),
            file: manifest.folder().join(given("path").unwrap_or("src/lib.rs")),
            kind: table.map_or(LibraryKind::Rust, LibraryKind::new),
        }
    }

    /// Checks that a program can be linked with it and refer to it, for the policy crate of this
    /// manifest and name.
    pub(super) fn check(&self, path: &Path, name: &str) -> Result<(), DiscoverError> {
        let (path, name) = (path.to_owned(), name.to_owned());
        match &self.kind {
            _ if !self.file.is_file() => {
                Err(DiscoverError::NoLibrary { path, file: self.file.clone() })
            }
            LibraryKind::Macros => Err(DiscoverError::Macros { path, name }),
            LibraryKind::Other(types) => {
                Err(DiscoverError::OtherLibrary { path, name, types: types.clone() })
            }
            LibraryKind::Rust if !is_crate_name(&self.name) => {
                Err(DiscoverError::Unspeakable { path, name, library: self.name.clone() })
            }
            LibraryKind::Rust => Ok(()),
        }
    }
}

impl LibraryKind {
    fn new(table: &dyn TableLike) -> Self {
        let spelled = |name: &str| table.get(name).or_else(|| table.get(&name.replace('-', "_")));
        if spelled("proc-macro").and_then(Item::as_bool) == Some(true) {
            return Self::Macros;
        }
        let types = spelled("crate-type").and_then(Item::as_array);
        let types: Vec<_> = types.into_iter().flatten().filter_map(Value::as_str).collect();
        if types.contains(&"proc-macro") {
            return Self::Macros;
        }
        if types.is_empty() || types.iter().any(|kind| ["lib", "rlib"].contains(kind)) {
            return Self::Rust;
        }
        Self::Other(types.into_iter().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_name_is_valid_in_a_path() {
        for name in ["a", "_a", "union", "auto", "raw", "macro_rules", "main", "test", "Program"] {
            assert!(is_crate_name(name), "{name}");
        }
        for name in ["", "_", "std", "self", "Self", "gen", "3a", "a-b", "ü", "a b", "r#gen"] {
            assert!(!is_crate_name(name), "{name}");
        }
    }
}
