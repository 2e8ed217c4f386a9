use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::flags::Flags;
use super::report::{EffectiveSetting, Report};
use super::secrets::without_secrets;
use super::{Config, PolicySelection, env, read, schema};
#[cfg(test)]
use crate::documents::located::ConfigErrors;
use crate::documents::located::{ConfigError, Node, Origin, TableEntry, Value};
use crate::documents::{self, Source};
use crate::policies::{Hidden, Registry};

/// The most that is read of a configuration file.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// Everything that a configuration is made of. The file is read each time that it is loaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// The file that the command line names.
    pub(crate) file: Option<PathBuf>,
    /// The variables of this process.
    pub(crate) environment: Vec<(String, OsString)>,
    pub(crate) flags: Flags,
}

/// A configuration, and what it came of.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Every setting that counts, and where from.
    pub(crate) effective: Vec<EffectiveSetting>,
    /// The secrets that are left out of these settings, once they are hidden.
    pub(crate) secrets: Hidden,
    /// Warnings about what is odd, but stops nobody.
    pub(crate) warnings: Vec<String>,
}

impl Loaded {
    /// Hides the secrets of policies' settings. Their schemas tell which they are, so code of these
    /// policies runs for it.
    pub(crate) fn hide_secrets(&mut self, registry: &Registry) {
        (self.effective, self.secrets) = without_secrets(&self.effective, registry);
    }

    /// Keeps the settings of these names, and those below, as they were: a restart has to apply what
    /// is new.
    pub(crate) fn keep_in_force(&mut self, names: &[&str], former: &[EffectiveSetting]) {
        let waits = |setting: &EffectiveSetting| {
            let path = &setting.path;
            let is_below = |name: &&str| {
                path.strip_prefix(*name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            names.iter().any(is_below) && !schema::APPLIED_AT_ONCE.iter().any(is_below)
        };
        self.effective.retain(|setting| !waits(setting));
        self.effective.extend(former.iter().filter(|setting| waits(setting)).cloned());
    }
}

impl Sources {
    /// The sources with the environment of this process.
    pub(crate) fn from_process(file: Option<PathBuf>, flags: Flags) -> Self {
        Self { file, environment: env::process_variables(), flags }
    }

    /// The names of the variables that set something, but for the file.
    pub(crate) fn variables(&self) -> Vec<String> {
        let set = self.environment.iter().filter(|(name, _)| env::is_setting(name));
        set.map(|(name, _)| name.clone()).collect()
    }

    /// The file's name, and who named it.
    pub(crate) fn file(&self) -> Option<(PathBuf, Origin)> {
        let variable = env::CONFIG;
        match &self.file {
            Some(path) => Some((path.clone(), Origin::flag("--config"))),
            None => env::get(&self.environment, variable)
                .map(|path| (path.into(), Origin::variable(variable))),
        }
    }
}

/// Reads and checks everything but whether the policies are in this binary.
///
/// # Errors
/// Everything that is wrong.
#[cfg(test)]
pub(crate) fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    load_as_far_as_possible(sources).map_err(|(mistakes, _)| ConfigErrors::new(mistakes))
}

/// Loads the configuration. With the errors come the readable policies, which may hold more errors.
pub(super) fn load_as_far_as_possible(
    sources: &Sources,
) -> Result<Loaded, (Vec<ConfigError>, PolicySelection)> {
    let mut report = Report::default();
    let mut warnings = Vec::new();
    let mut root = Node::empty_table(Origin::Default);
    let mut file = Node { value: Value::Null, at: Origin::Default };
    if let Some((path, origin)) = sources.file() {
        // Without the file, most of what else there is to say would be wrong.
        root = read_file(&path, &origin)
            .map_err(|mistake| (vec![mistake], PolicySelection::none()))?;
        file = Node::text(&path.display().to_string(), origin);
    }
    report.show("config".to_owned(), &file);
    env::apply(&sources.environment, &mut root, &mut report.errors, &mut warnings);
    sources.flags.apply(&mut root, &mut report.errors);
    let (config, policies) = read::config(root, &mut report);
    match config {
        Ok(config) if report.errors.is_empty() => {
            let (effective, secrets) = (report.effective, Hidden::default());
            Ok(Loaded { config, effective, secrets, warnings })
        }
        _ => Err((report.errors, policies)),
    }
}

fn read_file(path: &Path, named_by: &Origin) -> Result<Node, ConfigError> {
    if path == Path::new("-") {
        return Err(ConfigError::at(
            named_by,
            "standard input has no name that says what is in it: name a file",
        ));
    }
    let source = Source::read(path, Some(MAX_FILE_BYTES))
        .map_err(|error| ConfigError::at(named_by, error))?;
    parse_source(&source)
}

fn parse_source(source: &Source) -> Result<Node, ConfigError> {
    let file: Arc<str> = source.name().into();
    let place = |(line, column)| Origin::File { file: Arc::clone(&file), line, column };
    let tree = documents::tree(source).map_err(|error| match error.place {
        Some(at) => ConfigError::at(&place(at), error.message),
        None => ConfigError::message(format_args!("`{file}`: {}", error.message)),
    })?;
    let mut root = match tree {
        Some(tree) => tree.placed(&place),
        None => Node::empty_table(place((1, 1))),
    };
    let Value::Table(entries) = &mut root.value else {
        let message = format!("the configuration is {}: expected a table", root.in_words());
        return Err(ConfigError::at(&root.at, message));
    };
    for entry in entries {
        if let Some(long) = schema::longhand(&entry.key)
            && entry.value.as_text().is_some()
        {
            let at = entry.value.at.clone();
            let value = std::mem::replace(&mut entry.value, Node::empty_table(at.clone()));
            let key = schema::key(long).to_owned();
            entry.value.value = Value::Table(vec![TableEntry { key, at, value }]);
        }
    }
    Ok(root)
}
