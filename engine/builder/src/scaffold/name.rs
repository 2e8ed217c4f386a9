use std::fmt;
use std::str::FromStr;

use crate::steps::discover;
use crate::steps::engine::TAKEN;

/// Names that are taken: a dependency of a new policy, a folder that is passed over, and a crate
/// that Cargo does not name anew.
const OURS: [&str; 3] = ["serde", "target", "test"];

/// The longest name of a published crate, in bytes.
const LONGEST: usize = 64;

/// The name of a crate and of the policy in it: one that both may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CrateName(String);

impl CrateName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks whether Rust takes both for the same.
    pub(super) fn is(&self, other: &str) -> bool {
        self.library() == other.replace('-', "_")
    }

    /// The name as that of a type: `WorkingHours` for `working-hours`.
    pub(super) fn camel_case(&self) -> String {
        let words = self.0.split(['-', '_']);
        words
            .flat_map(|word| {
                let mut letters = word.chars();
                letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
            })
            .collect()
    }

    /// The name as that of a library or a function: `working_hours` for `working-hours`.
    pub(super) fn library(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FromStr for CrateName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_allowed = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || "-_".contains(character)
        };
        let starts_well = text.starts_with(|character: char| character.is_ascii_lowercase());
        if !starts_well || !text.chars().all(is_allowed) || text.len() > LONGEST {
            return Err(NameError::Form(text.to_owned()));
        }
        let name = Self(text.to_owned());
        let mut taken = OURS.iter().chain(&TAKEN);
        if taken.any(|taken| name.is(taken)) || !discover::is_crate_name(&name.library()) {
            return Err(NameError::Taken(name.0));
        }
        Ok(name)
    }
}

impl fmt::Display for CrateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An unusable name of a crate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error(
        "not a crate's name: found `{0}`, expected at most {LONGEST} lowercase letters, digits, \
         `-` and `_`, a letter first, such as `working-hours`"
    )]
    Form(String),
    #[error(
        "not a crate's name: `{0}` means something else to Rust or to the engine\nhelp: choose \
         another, such as `{0}-policy`"
    )]
    Taken(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_crate_names_are_accepted() {
        for name in ["a", "working-hours", "x_1", "a-2-b"] {
            assert_eq!(name.parse::<CrateName>().unwrap().as_str(), name);
        }
        let message = |name: &str| name.parse::<CrateName>().unwrap_err().to_string();
        for name in ["", "Upper", "-a", "1a", "a b", "a/b", "..", "é", &"a".repeat(65)] {
            assert_eq!(
                message(name),
                format!(
                    "not a crate's name: found `{name}`, expected at most 64 lowercase letters, \
                     digits, `-` and `_`, a letter first, such as `working-hours`"
                )
            );
        }
        for name in ["match", "proc-macro", "policy-api", "policy_engine", "serde", "target"] {
            assert_eq!(
                message(name),
                format!(
                    "not a crate's name: `{name}` means something else to Rust or to the \
                     engine\nhelp: choose another, such as `{name}-policy`"
                )
            );
        }
    }

    #[test]
    fn type_name_is_in_camel_case() {
        let camel_case = |name: &str| name.parse::<CrateName>().unwrap().camel_case();
        assert_eq!(camel_case("working-hours"), "WorkingHours");
        assert_eq!(camel_case("a_b--2c"), "AB2c");
    }
}
