use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::documents::located::{ConfigError, Origin};
use crate::policies::Registry;
use crate::suites::fields::Fields;
use crate::suites::input::InputFile;
use crate::suites::suite::Subject;

/// A policy's name and version, and the text of its settings.
type SubjectKey = (&'static str, String, Vec<u8>);

/// Proof that a mistake was reported: it stands for a value that could not be read.
pub(super) struct Reported;

/// What reads one suite, and the mistakes that it has found.
pub(super) struct Reader<'a> {
    pub(super) registry: &'a Registry,
    /// The folder that paths are relative to.
    pub(super) folder: &'a Path,
    pub(super) errors: Vec<ConfigError>,
    /// The policies by their name and version, and the settings' text; `None` where they are invalid.
    pub(super) subjects: BTreeMap<SubjectKey, Option<Arc<Subject>>>,
    /// The files by their real path; `None` where one cannot be read.
    pub(super) files: BTreeMap<PathBuf, Option<Arc<InputFile>>>,
    /// The documents that are in a case.
    pub(super) used: BTreeSet<(PathBuf, usize)>,
}

impl Reader<'_> {
    /// A value that a case has to have.
    pub(super) fn required<T>(
        &mut self,
        fields: &mut Fields,
        key: &str,
        take: impl FnOnce(&mut Self, &mut Fields) -> Option<T>,
    ) -> Option<T> {
        let before = self.errors.len();
        let value = take(self, fields);
        if value.is_none() && self.errors.len() == before {
            let path = fields.path_of(key);
            self.error(&fields.at, format_args!("`{path}` is missing"));
        }
        value
    }

    pub(super) fn error(&mut self, at: &Origin, message: impl fmt::Display) {
        self.errors.push(ConfigError::at(at, message));
    }
}
