//! The policies of cases, with their settings and labels.

use std::path::Path;
use std::sync::Arc;

use super::reader::Reader;
use crate::documents;
use crate::documents::located::{ConfigError, Node, Origin, Value};
use crate::policies::{Instance, PolicyRef, Settings};
use crate::suites::fields::{Fields, below, wrong};
use crate::suites::input::{InputFile, path_from};
use crate::suites::suite::Subject;

impl Reader<'_> {
    /// Settings, or those of a file.
    pub(super) fn settings(&mut self, fields: &mut Fields) -> Option<Node> {
        let node = fields.take("settings")?;
        let path = fields.path_of("settings");
        match &node.value {
            Value::Table(_) => Some(node),
            Value::Text(named) => {
                let file = path_from(self.folder, named);
                match read_settings(&file) {
                    Ok(node) => Some(node),
                    Err(error) => {
                        self.errors.push(error.located(&path, &node.at));
                        None
                    }
                }
            }
            _ => {
                self.errors.push(wrong(&path, &node, "settings, or the path of a file"));
                None
            }
        }
    }

    pub(super) fn labels(&mut self, fields: &mut Fields) -> Option<Vec<(String, String)>> {
        let node = fields.take("labels")?;
        let path = fields.path_of("labels");
        let Value::Table(entries) = node.value else {
            self.errors.push(wrong(&path, &node, "a table of labels"));
            return None;
        };
        let mut labels = Vec::new();
        for entry in entries {
            match entry.value.value {
                Value::Text(value) => labels.push((entry.key, value)),
                _ => self.errors.push(wrong(&below(&path, &entry.key), &entry.value, "text")),
            }
        }
        Some(labels)
    }

    /// The policy with these settings, which it checks once.
    pub(super) fn subject(
        &mut self,
        policy: &str,
        at: &Origin,
        settings: Option<Node>,
    ) -> Option<Arc<Subject>> {
        let found = policy
            .parse::<PolicyRef>()
            .map_err(|error| error.to_string())
            .and_then(|policy| self.registry.find(&policy).map_err(|error| error.to_string()));
        let entry = match found {
            Ok(entry) => entry,
            Err(error) => {
                self.error(at, error);
                return None;
            }
        };
        let settings_at = settings.as_ref().map(|node| node.at.clone());
        let settings = settings.map_or_else(Settings::default, |node| {
            Settings::from_config("settings".to_owned(), node)
        });
        let version = entry.version.to_string();
        let key = (entry.name(), version.clone(), settings.as_json().to_vec());
        if let Some(known) = self.subjects.get(&key) {
            return known.clone();
        }
        let subject = match Instance::configure(entry, &settings) {
            Ok(instance) => {
                let (entry, instance) = (entry.clone(), Arc::new(instance));
                Some(Arc::new(Subject { entry, version, instance }))
            }
            Err(error) => {
                let place = settings_at.as_ref().unwrap_or(at);
                let text = error.to_string();
                // An error in the settings' shape has its place already.
                self.errors.push(if text.starts_with('`') && text.contains(" line ") {
                    ConfigError::told_at(place, text)
                } else {
                    ConfigError::at(place, format_args!("settings: {text}"))
                });
                None
            }
        };
        self.subjects.insert(key, subject.clone());
        subject
    }
}

/// The reason why there are no settings: in the file itself, or where it is named.
enum SettingsFileError {
    Named(String),
    InFile(ConfigError),
}

impl SettingsFileError {
    fn located(self, path: &str, at: &Origin) -> ConfigError {
        match self {
            Self::Named(message) => ConfigError::at(at, format_args!("`{path}`: {message}")),
            Self::InFile(error) => ConfigError::told_at(at, error.to_string()),
        }
    }
}

/// The settings of a file, with their places.
fn read_settings(path: &Path) -> Result<Node, SettingsFileError> {
    let file =
        InputFile::read(path).map_err(|error| SettingsFileError::Named(error.to_string()))?;
    let name: Arc<str> = file.name().into();
    let at = |(line, column)| Origin::File { file: Arc::clone(&name), line, column };
    let tree = documents::tree(file.source()).map_err(|error| {
        let place = error.place.map_or_else(|| at((1, 1)), at);
        SettingsFileError::InFile(ConfigError::at(&place, error.message))
    })?;
    match tree.map(|tree| tree.placed(&at)) {
        None => Ok(Node::empty_table(at((1, 1)))),
        Some(node) if matches!(node.value, Value::Table(_)) => Ok(node),
        Some(node) => Err(SettingsFileError::InFile(wrong("settings", &node, "a table"))),
    }
}
