//! The options that several commands have.

mod build;
mod build_log;
mod image;
mod program;
mod quick;
mod registry;

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::steps::features::Features;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::vet;
pub(super) use build::BuildArgs;
pub(super) use build_log::BuildLogArgs;
pub(super) use image::ImageArgs;
pub(super) use program::ProgramArgs;
pub(super) use quick::QuickArgs;
pub(super) use registry::RegistryArgs;

#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// The folder of policy crates
    #[arg(long, value_name = "DIR", default_value = "policies")]
    pub(super) policies: PathBuf,
    /// A checkout of policy-engine to build with [default: the one that this program runs in, else
    /// the sources in the program itself]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    pub(super) engine: Option<PathBuf>,
}

/// The option for how closely `policies.lock` is followed.
#[derive(Debug, clap::Args)]
pub(super) struct LockedArg {
    /// Refuses a `policies.lock` that is missing or stale; `--locked=false` takes it as it is
    /// [default: a stale one is refused where `CI` is set]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    locked: Option<bool>,
}

impl LockedArg {
    pub(super) fn locked(&self) -> Locked {
        match self.locked {
            Some(true) => Locked::Required,
            None if is_ci(env::var_os("CI").as_deref()) => Locked::Kept,
            Some(false) | None => Locked::Free,
        }
    }
}

/// Checks whether the variable `CI` is set.
fn is_ci(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// The option for optional parts of the engine.
#[derive(Debug, clap::Args)]
pub(super) struct FeaturesArg {
    /// Optional parts of the engine, separated by commas: `otlp` adds one, and `-console` leaves one
    /// out that is there by default
    #[arg(
        long,
        value_name = "FEATURES",
        env = "POLICY_ENGINE_FEATURES",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub(super) engine_features: Features,
}

/// The options of vetting.
#[derive(Debug, clap::Args)]
pub(super) struct VetArgs {
    /// A copy of github.com/RustSec/advisory-db, for known vulnerabilities [default: those that
    /// `cargo audit` and `cargo deny` keep]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_ADVISORY_DB")]
    advisory_db: Option<PathBuf>,
}

impl VetArgs {
    pub(super) fn options(&self) -> vet::VetOptions<'_> {
        vet::VetOptions { advisory_db: self.advisory_db.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_detected_by_its_variable() {
        for (value, is) in
            [("true", true), ("1", true), ("", false), ("0", false), ("false", false)]
        {
            assert_eq!(is_ci(Some(OsStr::new(value))), is, "{value}");
        }
        assert!(!is_ci(None));
    }
}
