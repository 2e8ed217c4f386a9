use clap::ValueEnum;
use policy_text::{escape, escape_json};
use serde::Serialize;

use super::Failure;

/// The format of a result, for `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    // For people.
    Text,
    // For programs.
    Json,
}

impl Format {
    /// Prints a result to standard output: the document itself, or a text for people.
    pub(super) fn print(
        self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let mut printed = match self {
            Self::Text => escape(&text()).into_owned(),
            Self::Json => escape_json(&serde_json::to_string_pretty(document)?).into_owned(),
        };
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        super::print(&printed)
    }
}
