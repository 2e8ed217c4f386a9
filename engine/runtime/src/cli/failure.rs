use std::io::{self, Write};

use policy_text::escape_line;

use crate::documents::located::ConfigErrors;
use crate::policies::UnknownPolicy;

/// An error that ends a command.
pub(super) enum Failure {
    Message(ErrorMessage),
    /// An invalid command line.
    Usage(ErrorMessage),
    /// An invalid configuration, with all its errors.
    Config(ConfigErrors),
    Messages(Vec<String>),
    /// The reader of the output has gone, as `head` does: there is nobody to tell.
    BrokenPipe,
}

/// An error for people at a terminal.
pub(super) struct ErrorMessage {
    pub(super) problem: String,
    /// The remedy, where there is one.
    pub(super) help: Option<String>,
}

impl ErrorMessage {
    pub(super) fn print(&self) {
        print_error(&self.problem, self.help.as_deref());
    }
}

impl Failure {
    pub(super) fn with_help(problem: impl std::fmt::Display, help: Option<String>) -> Self {
        Self::Message(ErrorMessage { problem: problem.to_string(), help })
    }

    pub(super) fn message(reason: impl std::fmt::Display) -> Self {
        Self::with_help(reason, None)
    }
}

impl From<UnknownPolicy> for Failure {
    fn from(error: UnknownPolicy) -> Self {
        Self::with_help(&error, error.help().map(str::to_owned))
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::message(format_args!("failed to write to standard output: {error}"))
        }
    }
}

/// Prints an error on standard error: a line for the problem, and one for the remedy.
pub(super) fn print_error(problem: &str, help: Option<&str>) {
    let (problem, help) = match problem.split_once("\nhelp: ") {
        Some((problem, own_help)) => (problem, help.or(Some(own_help))),
        None => (problem, help),
    };
    let mut text = format!("error: {}\n", escape_line(problem));
    if let Some(help) = help {
        text.push_str("help: ");
        text.push_str(&escape_line(help));
        text.push('\n');
    }
    // With standard error closed there is nobody left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}
