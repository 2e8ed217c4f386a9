//! How far confinement goes.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How far confinement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// What is not allowed is refused and told.
    #[default]
    Enforce,
    /// It is told and done all the same.
    Warn,
    /// Nothing is confined, and nothing told.
    Off,
}

impl Mode {
    /// All of them, the strictest first.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Warn, Self::Off];

    /// Its word in a configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == word)
            .ok_or_else(|| format!("found `{word}`, expected `enforce`, `warn` or `off`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_by_their_words() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        let error = "on".parse::<Mode>().unwrap_err();
        assert_eq!(error, "found `on`, expected `enforce`, `warn` or `off`");
    }
}
