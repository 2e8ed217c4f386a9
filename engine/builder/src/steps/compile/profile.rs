use super::Policies;
use policy_cargo::Source;

/// The purpose of a compilation. Both share what is compiled of the engine and of all that others
/// publish, and so the work folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A program that is small, fast, static and the same everywhere.
    Release,
    /// The same program, except that crates which somebody may be editing are compiled as in Cargo's own
    /// profile for development: in little time, with checks of arithmetic.
    Quick,
}

/// What is set of each crate that is of no registry and no repository.
const QUICK: [&str; 5] = [
    "opt-level=0",
    "codegen-units=256",
    "incremental=true",
    "debug-assertions=true",
    "overflow-checks=true",
];

impl Profile {
    /// The settings for Cargo's `--config`, besides those of the workspace.
    pub(super) fn settings(self, policies: &Policies) -> Vec<String> {
        match self {
            Self::Release => Vec::new(),
            Self::Quick => policies
                .crates
                .iter()
                .filter(|found| !matches!(found.origin, Source::Remote { source: Some(_), .. }))
                .flat_map(|found| {
                    QUICK.map(|set| format!("profile.release.package.{}.{set}", found.name))
                })
                .collect(),
        }
    }
}
