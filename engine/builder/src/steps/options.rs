use std::path::Path;

use crate::steps::compile::{Profile, target_for_platform};
use crate::steps::features::Features;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::vet::VetOptions;
use policy_cargo::{CargoError, Target};
use policy_oci::Platform;

/// The options of a build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuildOptions<'a> {
    pub(crate) policies: &'a Path,
    /// The engine's sources, when the user names them.
    pub(crate) engine: Option<&'a Path>,
    pub(crate) engine_features: &'a Features,
    pub(crate) targets: TargetChoice<'a>,
    /// The revision when the user names it; empty for none at all.
    pub(crate) revision: Option<&'a str>,
    pub(crate) work_dir: Option<&'a Path>,
    pub(crate) profile: Profile,
    /// The distance that the build may keep from `policies.lock`.
    pub(crate) locked: Locked,
    /// The options of vetting before the policies are compiled; `None` skips that.
    pub(crate) vet: Option<VetOptions<'a>>,
}

/// The choice of targets, each of which gets a program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TargetChoice<'a> {
    /// A target triple, or the best one for this machine.
    Triple(Option<&'a str>),
    /// Several platforms.
    Platforms(&'a [Platform]),
}

impl TargetChoice<'_> {
    /// The targets, this machine's own first.
    pub(super) fn resolve(self) -> Result<Vec<Target>, CargoError> {
        match self {
            Self::Triple(triple) => Ok(vec![Target::choose(triple)?]),
            Self::Platforms(platforms) => {
                let targets = platforms.iter().map(target_for_platform);
                let mut targets = targets.collect::<Result<Vec<_>, _>>()?;
                targets.sort_by_key(|target| (!target.runs_here(), target.triple.clone()));
                targets.dedup();
                Ok(targets)
            }
        }
    }
}
