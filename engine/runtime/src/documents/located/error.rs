use std::fmt;

use super::node::Node;
use super::origin::{Origin, variable_of};
use policy_text::redact_url;

/// Something in the configuration that is not as it must be, in a sentence with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct ConfigError {
    /// Line and column in the file, or after all of them.
    order: (usize, usize),
    text: String,
}

impl ConfigError {
    /// An error at this place, with the place before the message.
    pub(crate) fn at(origin: &Origin, message: impl fmt::Display) -> Self {
        let text = match origin {
            Origin::File { file, line, column } => {
                format!("`{file}` line {line} column {column}: {message}")
            }
            Origin::Environment { variable } => format!("`{variable}`: {message}"),
            Origin::Flag { flag } => format!("`{flag}`: {message}"),
            Origin::Default => message.to_string(),
        };
        Self::new(origin, text)
    }

    /// A value that is not what it must be.
    pub(crate) fn wrong(path: &str, found: &Node, expected: impl fmt::Display) -> Self {
        let origin = &found.at;
        let elsewhere = || {
            let found = found.in_words();
            Self::at(origin, format_args!("`{path}` is {found}: expected {expected}"))
        };
        let Some(value) = found.as_text().map(redact_url) else { return elsewhere() };
        // The variable or the flag may name the setting already.
        let text = match origin {
            Origin::Environment { variable } if *variable == variable_of(path) => {
                format!("`{variable}` is `{value}`: expected {expected}")
            }
            Origin::Flag { flag } if flag.strip_prefix("--set ") == Some(path) => {
                format!("`{flag}={value}`: expected {expected}")
            }
            Origin::Flag { flag } if !flag.contains(' ') => {
                format!("`{flag} {value}`: expected {expected}")
            }
            _ => return elsewhere(),
        };
        Self::new(origin, text)
    }

    /// An error without a place.
    pub(crate) fn message(message: impl fmt::Display) -> Self {
        Self::at(&Origin::Default, message)
    }

    /// A sentence that names its place already, which is after this one.
    pub(crate) fn told_at(origin: &Origin, text: String) -> Self {
        Self::new(origin, text)
    }

    /// Line and column, where it is in the file.
    pub(crate) fn place(&self) -> Option<(usize, usize)> {
        (self.order.0 != usize::MAX).then_some(self.order)
    }

    fn new(origin: &Origin, text: String) -> Self {
        let order = match origin {
            Origin::File { line, column, .. } => (*line, *column),
            Origin::Environment { .. } => (usize::MAX, 0),
            Origin::Flag { .. } => (usize::MAX, 1),
            Origin::Default => (usize::MAX, 2),
        };
        Self { order, text }
    }
}

/// The most errors that are shown: with more, another file was probably meant.
const MAX_TOLD: usize = 100;

/// Everything that is wrong with a configuration: in the file from its beginning to its end, then
/// in the environment and on the command line.
#[derive(Debug)]
pub(crate) struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(crate) fn new(mut all: Vec<ConfigError>) -> Self {
        all.sort_by_key(|mistake| mistake.order);
        let more = all.len().saturating_sub(MAX_TOLD);
        if more > 0 {
            all.truncate(MAX_TOLD);
            all.push(ConfigError::message(format_args!("and {more} mistakes more")));
        }
        Self(all)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

/// One a line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
