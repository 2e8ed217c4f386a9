//! The part of Cargo's configuration that a build follows.
//!
//! Registries, what takes their place, credentials, the network and linkers are the user's to
//! choose. Whatever else decides the bytes of a program is in the generated workspace, and no file
//! or variable is to say otherwise: Cargo gets a configuration of what is left.

mod files;
mod paths;
mod treatment;
mod variables;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table};

use super::home::cargo_home;
pub use files::ConfigurationError;
use treatment::{Treatment, treatment};
pub(super) use variables::linker_variable;

/// Cargo's configuration as a build follows it.
#[derive(Debug)]
pub struct Configuration {
    /// The followed settings of all files, as one file.
    followed: DocumentMut,
    /// The followed variables, with absolute paths; the others are to be removed.
    pub(super) variables: Vec<(OsString, OsString)>,
    /// The variables that are to be removed.
    pub(super) removed: Vec<OsString>,
    /// The settings that are not followed and would have changed the program.
    set_aside: Vec<SetAside>,
}

impl Configuration {
    /// Reads what Cargo would read in the current folder.
    ///
    /// # Errors
    /// When a file cannot be read, is not TOML, or would change the program.
    pub fn read() -> Result<Self, ConfigurationError> {
        let current = env::current_dir()?;
        Self::read_in(&current, cargo_home().as_deref(), env::vars_os())
    }

    fn read_in(
        current: &Path,
        home: Option<&Path>,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigurationError> {
        let mut configuration = Self {
            followed: DocumentMut::new(),
            variables: Vec::new(),
            removed: Vec::new(),
            set_aside: Vec::new(),
        };
        for file in files::found_from(current, home)? {
            let mut set_aside = Vec::new();
            let followed =
                split_followed(file.document.as_table(), &mut Vec::new(), &mut set_aside);
            if file.is_read_anyway
                && let Some(key) = set_aside.first()
            {
                return Err(ConfigurationError::Everywhere { path: file.path, key: key.clone() });
            }
            let followed = paths::made_absolute(followed, &file.root());
            files::merge(configuration.followed.as_table_mut(), followed, &mut Vec::new());
            let settings = set_aside.into_iter();
            let settings = settings.map(|key| SetAside::Key { key, file: file.path.clone() });
            configuration.set_aside.extend(settings);
        }
        for (name, value) in variables {
            match variables::treatment(&name) {
                None => {}
                Some(Treatment::Followed) => {
                    let value = paths::made_absolute_of_variable(&name, value, current);
                    configuration.variables.push((name, value));
                }
                Some(treatment) => {
                    if treatment == Treatment::SetAside && !value.is_empty() {
                        let name = name.to_string_lossy().into_owned();
                        configuration.set_aside.push(SetAside::Variable { name });
                    }
                    configuration.removed.push(name);
                }
            }
        }
        configuration.set_aside.sort();
        configuration.set_aside.dedup();
        Ok(configuration)
    }

    /// The file by which Cargo is told the rest of it.
    pub(super) fn to_toml(&self) -> String {
        self.followed.to_string()
    }

    /// Checks whether a target has a linker under its own name; a `cfg(…)` in its place does not
    /// count.
    pub(super) fn has_linker(&self, triple: &str) -> bool {
        let variable = linker_variable(triple);
        let by_variable = self
            .variables
            .iter()
            .any(|(name, value)| name.to_str() == Some(variable.as_str()) && !value.is_empty());
        let of_target = || self.followed.get("target")?.get(triple)?.get("linker");
        by_variable || of_target().is_some()
    }

    /// The settings that would have changed the program and are not followed.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }
}

/// A setting that would have changed the program and is not followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetAside {
    /// A key of a file.
    Key {
        /// Its path, dotted.
        key: String,
        /// The file.
        file: PathBuf,
    },
    /// A variable.
    Variable {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { key, file } => write!(f, "`{key}` of `{}`", file.display()),
            Self::Variable { name } => write!(f, "the variable `{name}`"),
        }
    }
}

/// The settings of a table that are followed. The names of those that are set aside are added to
/// `set_aside`.
fn split_followed(table: &Table, path: &mut Vec<String>, set_aside: &mut Vec<String>) -> Table {
    let mut followed = Table::new();
    followed.set_implicit(true);
    for (key, item) in table {
        path.push(key.to_owned());
        let keys: Vec<_> = path.iter().map(String::as_str).collect();
        match (treatment(&keys), item) {
            (Treatment::Followed, item) => {
                followed.insert(key, item.clone());
            }
            (Treatment::SetAside, Item::Table(inside)) => {
                let inside = split_followed(inside, path, set_aside);
                if !inside.is_empty() {
                    followed.insert(key, Item::Table(inside));
                }
            }
            (Treatment::SetAside, _) => set_aside.push(files::dotted(path)),
            (Treatment::Passed, _) => {}
        }
        path.pop();
    }
    followed
}

#[cfg(test)]
mod tests;
