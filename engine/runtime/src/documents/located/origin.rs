use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Origin {
    /// The configuration file; line and column are counted from 1.
    File {
        #[serde(serialize_with = "text")]
        file: Arc<str>,
        line: usize,
        column: usize,
    },
    Environment {
        variable: String,
    },
    /// Without the value: `--listen`, or `--set` with the key.
    Flag {
        flag: String,
    },
    Default,
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

impl Origin {
    pub(crate) fn variable(name: &str) -> Self {
        Self::Environment { variable: name.to_owned() }
    }

    pub(crate) fn flag(flag: impl Into<String>) -> Self {
        Self::Flag { flag: flag.into() }
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// Line and column, where it is the file.
    pub(crate) fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::File { line, column, .. } => Some((*line, *column)),
            Self::Environment { .. } | Self::Flag { .. } | Self::Default => None,
        }
    }

    /// Returns whether both are the file, or the same variable or flag.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self == other || self.is_file() && other.is_file()
    }
}

/// The beginning of the names of this program's variables.
pub(crate) const VARIABLE_PREFIX: &str = "POLICY_ENGINE_";

/// The variable of a setting: `POLICY_ENGINE_LIMITS_BODY` for `limits.body`.
pub(crate) fn variable_of(path: &str) -> String {
    VARIABLE_PREFIX.to_owned() + &path.to_ascii_uppercase().replace(['.', '-'], "_")
}

/// The short form, for a table.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Environment { variable } => f.write_str(variable),
            Self::Flag { flag } => f.write_str(flag),
            Self::Default => f.write_str("default"),
        }
    }
}
