//! The files that Cargo takes its configuration from, as it finds and joins them: those of the
//! current folder and of the folders above it, and that of Cargo's home.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, Value};

use super::super::toml::{self, SyntaxError};

/// One file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// All of its tables are of the form `[key]`.
    pub(super) document: DocumentMut,
    /// `true` if Cargo reads it in whatever folder it runs.
    pub(super) is_read_anyway: bool,
}

impl File {
    /// The folder that its relative paths start at.
    pub(super) fn root(&self) -> PathBuf {
        let folder = self.path.parent().and_then(Path::parent);
        folder.unwrap_or(Path::new("/")).to_owned()
    }
}

/// All of them, those that win first.
pub(super) fn found_from(
    current: &Path,
    home: Option<&Path>,
) -> Result<Vec<File>, ConfigurationError> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let folders = current.ancestors().map(|folder| folder.join(".cargo"));
    for folder in folders.chain(home.map(Path::to_owned)) {
        let canonical = fs_err::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
        if !seen.insert(canonical) {
            continue;
        }
        // Where there are both, Cargo takes the first.
        let path = ["config", "config.toml"].map(|name| folder.join(name));
        if let Some(path) = path.into_iter().find(|path| path.is_file()) {
            let is_read_anyway = folder == Path::new("/.cargo");
            add(path, is_read_anyway, &mut Vec::new(), &mut files)?;
        }
    }
    Ok(files)
}

/// Adds a file, and behind it those that it includes: it wins over them, and the last of them over
/// the others.
fn add(
    path: PathBuf,
    is_read_anyway: bool,
    including: &mut Vec<PathBuf>,
    files: &mut Vec<File>,
) -> Result<(), ConfigurationError> {
    if including.contains(&path) {
        return Err(ConfigurationError::Circle { path });
    }
    let document = parse(&path)?;
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let included = included(&document);
    including.push(path.clone());
    files.push(File { path, document, is_read_anyway });
    for Included { path, optional } in included.into_iter().rev() {
        let path = folder.join(path);
        if !optional || path.exists() {
            add(path, is_read_anyway, including, files)?;
        }
    }
    including.pop();
    Ok(())
}

struct Included {
    path: String,
    optional: bool,
}

fn included(document: &DocumentMut) -> Vec<Included> {
    let one = |value: &Value| match value {
        Value::String(path) => Some(Included { path: path.value().clone(), optional: false }),
        Value::InlineTable(table) => Some(Included {
            path: table.get("path")?.as_str()?.to_owned(),
            optional: table.get("optional").and_then(Value::as_bool).unwrap_or(false),
        }),
        _ => None,
    };
    match document.get("include") {
        Some(Item::Value(Value::Array(list))) => list.iter().filter_map(one).collect(),
        Some(Item::Value(value)) => one(value).into_iter().collect(),
        Some(Item::ArrayOfTables(tables)) => {
            let tables = tables.iter().map(|table| Value::from(table.clone().into_inline_table()));
            tables.filter_map(|table| one(&table)).collect()
        }
        _ => Vec::new(),
    }
}

fn parse(path: &Path) -> Result<DocumentMut, ConfigurationError> {
    let mut document = toml::parse(&fs_err::read_to_string(path)?).map_err(|error| {
        let SyntaxError { reason, place } = error;
        ConfigurationError::Parse { path: path.to_owned(), reason, place }
    })?;
    spread(document.as_table_mut());
    Ok(document)
}

/// Writes inline tables and dotted keys as tables of their own, for there to be one form.
fn spread(table: &mut Table) {
    for (_, item) in table.iter_mut() {
        if item.is_inline_table() {
            *item = std::mem::take(item).into_table().map(Item::Table).unwrap_or_default();
        }
        if let Item::Table(inside) = item {
            inside.set_dotted(false);
            spread(inside);
        }
    }
}

/// Lists that Cargo puts together; of others it takes the one that wins.
const JOINED: [&[&str]; 2] =
    [&["net", "ssh", "known-hosts"], &["registry", "global-credential-providers"]];

/// Adds settings that have to stand back where there are others.
pub(super) fn merge(into: &mut Table, from: Table, path: &mut Vec<String>) {
    for (key, item) in from {
        path.push(key.clone());
        match (into.get_mut(&key), item) {
            (None, item) => {
                into.insert(&key, item);
            }
            (Some(Item::Table(into)), Item::Table(from)) => merge(into, from, path),
            (Some(Item::Value(Value::Array(into))), Item::Value(Value::Array(mut from)))
                if JOINED.iter().any(|list| path.iter().eq(list.iter())) =>
            {
                // Those that win come last.
                from.extend(std::mem::take(into));
                *into = from;
            }
            _ => {}
        }
        path.pop();
    }
}

/// A key's path as TOML has it.
pub(super) fn dotted(path: &[String]) -> String {
    let keys = path.iter().map(|key| toml_edit::Key::new(key).to_string());
    keys.collect::<Vec<_>>().join(".")
}

/// An error in Cargo's configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A file cannot be read.
    #[error("failed to read Cargo's configuration: {0}")]
    Read(#[from] io::Error),
    /// A file is not TOML.
    #[error("Cargo's configuration `{}` is not TOML: {reason}, at {place}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        reason: String,
        /// Line and column, in words.
        place: String,
    },
    /// A file includes itself.
    #[error(
        "Cargo's configuration `{}` includes itself\nhelp: remove one of the `include`s",
        path.display()
    )]
    Circle {
        /// The file.
        path: PathBuf,
    },
    /// A file that Cargo always reads sets what would change the program.
    #[error(
        "`{}` sets `{key}`, which would change the program, and Cargo reads that file wherever it \
         runs\nhelp: remove it there, or set it in the configuration of the projects that need it", path.display()
    )]
    Everywhere {
        /// The file.
        path: PathBuf,
        /// The dotted key.
        key: String,
    },
}
