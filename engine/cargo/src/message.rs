//! Messages of `cargo … --message-format json`, one a line.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use cargo_metadata::diagnostic::Diagnostic;
use cargo_metadata::{Target, TargetKind};
use serde::Deserialize;

use super::CargoError;

/// A message of Cargo.
///
/// Ours rather than `cargo_metadata::Message`, which fails on kinds that it does not know, and
/// leaves out the manifest that a diagnostic is about.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Message {
    /// A target was compiled, or was there already.
    CompilerArtifact(Box<cargo_metadata::Artifact>),
    /// The compiler printed a diagnostic.
    CompilerMessage(Box<CompilerMessage>),
    /// A message of another kind.
    #[serde(other)]
    Other,
}

/// Hands each message of a Cargo to `handle`, to the last: a Cargo that still prints would wait for
/// who reads it.
///
/// # Errors
/// When one cannot be read, or is not understood: it may be the one that matters.
pub(super) fn read(
    messages: impl BufRead,
    mut handle: impl FnMut(Message),
) -> Result<(), CargoError> {
    let mut unread = None;
    for line in messages.lines() {
        let line = line?;
        match serde_json::from_str(&line) {
            Ok(message) => handle(message),
            // A procedural macro may print; Cargo's own lines are objects.
            Err(error) if line.starts_with('{') => unread = unread.or(Some(error)),
            Err(_) => {}
        }
    }
    unread.map_or(Ok(()), |error| Err(CargoError::Message(error)))
}

/// A diagnostic of the compiler, and the crate that it is about.
#[derive(Debug, Deserialize)]
pub struct CompilerMessage {
    /// The target that was compiled.
    pub target: Target,
    /// The manifest of its package.
    pub manifest_path: PathBuf,
    /// The diagnostic.
    pub message: Diagnostic,
}

impl CompilerMessage {
    /// The folder of the crate's manifest.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }
}

/// Checks whether a target runs while others are compiled, and is no part of the program.
#[must_use]
pub fn runs_at_compile_time(target: &Target) -> bool {
    target.kind.iter().any(|kind| matches!(kind, TargetKind::CustomBuild | TargetKind::ProcMacro))
}

/// The file of an artifact that lists what it was compiled from, as rustc writes it for Cargo
/// (`--emit dep-info`): `deps/name-hash.d` of `deps/libname-hash.rmeta`.
#[must_use]
pub fn dep_info_of(artifact: &Path) -> Option<PathBuf> {
    let stem = artifact.file_name()?.to_str()?.strip_prefix("lib")?.strip_suffix(".rmeta")?;
    Some(artifact.with_file_name(format!("{stem}.d")))
}

/// The libraries that each bring an allocator for the whole program, where that is the error.
pub fn conflicting_allocators(error: &Diagnostic) -> Option<[&str; 2]> {
    let rest = error.message.strip_prefix("the `#[global_allocator]` in ")?;
    rest.split_once(" conflicts with global allocator in: ").map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(message: &str) -> Diagnostic {
        let error = serde_json::json!({
            "message": message, "level": "error", "code": null, "spans": [], "children": [],
            "rendered": null,
        });
        serde_json::from_value(error).unwrap()
    }

    #[test]
    fn allocator_conflict_names_both_libraries() {
        let conflict = error(
            "the `#[global_allocator]` in policy_engine conflicts with global allocator in: hours",
        );
        assert_eq!(conflicting_allocators(&conflict), Some(["policy_engine", "hours"]));
        assert_eq!(conflicting_allocators(&error("cannot find value `x`")), None);
    }

    #[test]
    fn unknown_messages_are_ignored() {
        let message: Message = serde_json::from_str(r#"{"reason":"build-finished"}"#).unwrap();
        assert!(matches!(message, Message::Other));
        assert!(serde_json::from_str::<Message>("words").is_err());
    }
}
