use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A capability that policies must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Capability {
    Files,
    Network,
    Processes,
    Threads,
    Environment,
    StandardStreams,
    Unsafe,
    UnstableFeature,
    HiddenCode,
    BuildScript,
    ProceduralMacro,
    IncludedFile,
    Dependency,
    Advisory,
}

impl Capability {
    pub(super) const ALL: &[Self] = &[
        Self::Files,
        Self::Network,
        Self::Processes,
        Self::Threads,
        Self::Environment,
        Self::StandardStreams,
        Self::Unsafe,
        Self::UnstableFeature,
        Self::HiddenCode,
        Self::BuildScript,
        Self::ProceduralMacro,
        Self::IncludedFile,
        Self::Dependency,
        Self::Advisory,
    ];

    /// The reason why it matters.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Files => "a policy decides by its input and its settings, not by files",
            Self::Network => "a policy answers without asking other machines",
            Self::Processes => "processes are the engine's, and ending this one ends it for all",
            Self::Threads => "the engine says how many threads there are and bounds their time",
            Self::Environment => "what operators may set are a policy's settings",
            Self::StandardStreams => "the engine prints decisions and logs there",
            Self::Unsafe => "a mistake in it is a mistake of the whole engine",
            Self::UnstableFeature => "it means something else with another compiler",
            Self::HiddenCode => "what vetting does not see is compiled all the same",
            Self::BuildScript => "it runs on the machine that builds",
            Self::ProceduralMacro => "it runs on the machine that builds, and writes code unseen",
            Self::IncludedFile => "a crate is built from its own folder alone",
            Self::Dependency => "what a crate is linked with can do what it may not do itself",
            Self::Advisory => "it is a known vulnerability",
        }
    }

    /// Checks whether the running program keeps policies from it, too.
    pub(super) fn is_at_run_time(self) -> bool {
        matches!(self, Self::Files | Self::Network | Self::Processes | Self::Threads)
    }

    /// Checks whether checking the crate's code would run what is found.
    pub(super) fn may_run_when_compiled(self) -> bool {
        matches!(self, Self::BuildScript | Self::ProceduralMacro | Self::Dependency)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As in `policies.toml`; units are written as text.
        self.serialize(f)
    }
}

/// The location of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceLocation {
    /// The file's path for the user.
    pub(crate) file: PathBuf,
    /// Line and column, both from 1, where it is at one.
    pub(crate) position: Option<(usize, usize)>,
}

impl SourceLocation {
    pub(super) fn file(file: PathBuf) -> Self {
        Self { file, position: None }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.position.map_or(Ok(()), |(line, column)| write!(f, ":{line}:{column}"))
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) place: SourceLocation,
    /// The package's name.
    pub(crate) crate_name: String,
    pub(crate) what: Capability,
    /// The item that is used, such as `std::fs::read`, where it has a name.
    pub(crate) item: Option<String>,
    /// The finding on a line for people.
    pub(crate) detail: String,
}

impl Finding {
    /// Something that has a name.
    pub(super) fn named(
        place: SourceLocation,
        crate_name: &str,
        what: Capability,
        item: &str,
    ) -> Self {
        Self {
            place,
            crate_name: crate_name.to_owned(),
            what,
            item: Some(item.to_owned()),
            detail: format!("`{item}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that no other rule of vetting has Nix compile a program anew.
    #[test]
    fn nix_passes_on_what_a_program_and_its_documents_tell() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nix/build/policies-toml.nix");
        let text = std::fs::read_to_string(file).unwrap();
        for what in Capability::ALL {
            let is_told = what.is_at_run_time() || *what == Capability::Advisory;
            assert_eq!(text.contains(&format!("\"{what}\"\n")), !is_told, "{what}");
        }
    }
}
