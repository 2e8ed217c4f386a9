//! The repository's policies, to be edited.

use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use tempfile::TempDir;

use crate::{paths, tools};

/// A copy of the repository's policies, to be edited.
pub(crate) struct Policies {
    folder: TempDir,
    edits: u32,
}

/// A place in a policy's sources where an edit changes what it says.
pub(crate) struct Place {
    pub(crate) policy: &'static str,
    file: &'static str,
    words: &'static str,
}

/// A message of `http-authz`, a small policy, without settings.
pub(crate) const SMALL: Place = Place {
    policy: "http-authz",
    file: "http-authz/src/decision.rs",
    words: "the settings define no `roles`, so every request is denied",
};

/// A message of `pod-security`, the largest crate.
pub(crate) const LARGE: Place = Place {
    policy: "pod-security",
    file: "pod-security/src/checks/privileged.rs",
    words: "a container may not be privileged",
};

impl Policies {
    pub(crate) fn copy() -> io::Result<Self> {
        let folder = TempDir::new()?;
        let from = paths::root().join("policies");
        let mut command = Command::new("cp");
        command.arg("-r").arg(from).arg(folder.path().join("policies"));
        tools::output(&mut command)?;
        // What the crates inherit from.
        fs::copy(paths::root().join("Cargo.toml"), folder.path().join("Cargo.toml"))?;
        fs::copy(paths::root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
        Ok(Self { folder, edits: 0 })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("policies")
    }

    /// Changes what a policy says, and gives the new words.
    pub(crate) fn edit(&mut self, place: &Place) -> io::Result<String> {
        let original = fs::read_to_string(paths::root().join("policies").join(place.file))?;
        let Place { policy, file, words } = place;
        if !original.contains(words) {
            return Err(io::Error::other(format!("`{policy}` no longer says `{words}`")));
        }
        self.edits += 1;
        let edited = format!("{words}, by edit {}", self.edits);
        fs::write(self.path().join(file), original.replace(words, &edited))?;
        Ok(edited)
    }
}
