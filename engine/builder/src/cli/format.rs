use clap::ValueEnum;
use serde::Serialize;

use super::Failure;
use crate::plain_text::plain;

/// How a result is printed, by `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    // For people.
    Text,
    // For programs.
    Json,
}

impl Format {
    /// Prints a result to standard output: the document itself, or what it says to people.
    pub(super) fn print(
        self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let mut printed = match self {
            Self::Text => plain(&text()).into_owned(),
            Self::Json => serde_json::to_string_pretty(document)?,
        };
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        super::print(&printed)
    }
}
