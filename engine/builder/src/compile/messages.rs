//! What `cargo … --message-format json` prints, a line a message, as far as it is used here.
//!
//! The format is Cargo's (the book's chapter "External tools") and, for diagnostics, the
//! compiler's (the rustc book's chapter "JSON Output").

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "reason")]
pub(super) enum Message {
    #[serde(rename = "compiler-artifact")]
    Artifact {
        package_id: String,
        target: BuiltTarget,
        manifest_path: PathBuf,
        filenames: Vec<PathBuf>,
        executable: Option<PathBuf>,
        fresh: bool,
    },
    #[serde(rename = "compiler-message")]
    Diagnostic { target: BuiltTarget, manifest_path: PathBuf, message: Diagnostic },
    #[serde(other)]
    Other,
}

/// What of a package was compiled.
#[derive(Deserialize)]
pub(super) struct BuiltTarget {
    pub(super) name: String,
    kind: Vec<String>,
}

impl BuiltTarget {
    /// Whether it runs while others are compiled, and is no part of the program.
    pub(super) fn is_for_the_compiler(&self) -> bool {
        self.kind.iter().any(|kind| kind == "custom-build" || kind == "proc-macro")
    }
}

/// One thing that the compiler says.
#[derive(Debug, Deserialize)]
pub(crate) struct Diagnostic {
    pub(crate) level: String,
    pub(crate) message: String,
    pub(crate) rendered: Option<String>,
    /// The lint that it comes from, or the error's number.
    pub(crate) code: Option<Code>,
    pub(crate) spans: Vec<Span>,
    /// What is said beside it.
    pub(crate) children: Vec<Diagnostic>,
}

impl Diagnostic {
    /// The libraries that each bring an allocator for the whole program, where that is the error.
    pub(super) fn allocators_of(&self) -> Option<[&str; 2]> {
        let rest = self.message.strip_prefix("the `#[global_allocator]` in ")?;
        rest.split_once(" conflicts with global allocator in: ").map(Into::into)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Code {
    pub(crate) code: String,
}

/// A place in the sources.
#[derive(Debug, Deserialize)]
pub(crate) struct Span {
    /// Relative to the workspace's root for what lies in it.
    pub(crate) file_name: PathBuf,
    pub(crate) line_start: usize,
    pub(crate) column_start: usize,
    pub(crate) is_primary: bool,
    pub(crate) text: Vec<Line>,
    /// The use of the macro that this place comes from.
    pub(crate) expansion: Option<Box<Expansion>>,
}

/// A line of the sources.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Expansion {
    pub(crate) span: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_allocators_are_told_with_who_brings_them() {
        let told = |message: &str| Diagnostic {
            level: "error".into(),
            message: message.into(),
            rendered: None,
            code: None,
            spans: Vec::new(),
            children: Vec::new(),
        };
        let error = told(
            "the `#[global_allocator]` in policy_engine conflicts with global allocator in: hours",
        );
        assert_eq!(error.allocators_of(), Some(["policy_engine", "hours"]));
        assert_eq!(told("cannot find value `x`").allocators_of(), None);
    }
}
