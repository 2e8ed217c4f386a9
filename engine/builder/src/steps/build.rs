//! All steps up to a binary that reports what was asked for.

use std::path::Path;

use crate::cargo::CargoError;
use crate::steps::compile::target_for_platform;
use crate::steps::compile::{Binary, CompileError, Profile};

use super::image::Built;
use super::sources::Sources;
use super::vetting::Vetting;
use crate::cargo::Target;
use crate::image::Platform;
use crate::progress::Progress;
use crate::steps::discover::DiscoverError;
use crate::steps::engine::EngineError;
use crate::steps::features::Features;
use crate::steps::provenance::MaterialsError;
use crate::steps::resolve::ResolveError;
use crate::steps::resolve::policies_lock::{Locked, LockedError};
use crate::steps::self_check::{self, InspectError};
use crate::steps::vet::{self, Outcome, Rules, RulesError, VetError};
use crate::steps::work_folder::WorkFolderError;
use crate::steps::workspace::{GenerateError, Workspace};

/// What is to be built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) policies: &'a Path,
    /// The engine's sources, when the user names them.
    pub(crate) engine: Option<&'a Path>,
    /// Its optional parts that are wanted.
    pub(crate) engine_features: &'a Features,
    pub(crate) target: Option<&'a str>,
    /// When the user names it; empty for none at all.
    pub(crate) revision: Option<&'a str>,
    pub(crate) work_dir: Option<&'a Path>,
    pub(crate) profile: Profile,
    /// How far it may go from `policies.lock`.
    pub(crate) locked: Locked,
    /// How the policies are vetted before they are compiled, unless they are not.
    pub(crate) vet: Option<vet::Wanted<'a>>,
}

/// Does everything up to the binary.
pub(crate) fn run(order: &Order<'_>, progress: &Progress) -> Result<Built, PipelineError> {
    run_beside(order, None, progress)
}

/// The same, where another program of these sources stands for what this one reports if it does not
/// start here.
pub(crate) fn run_beside(
    order: &Order<'_>,
    other: Option<&Built>,
    progress: &Progress,
) -> Result<Built, PipelineError> {
    let vetting = Vetting::of(order)?;
    let (sources, target) = Sources::find(order, || Target::choose(order.target), progress)?;
    let workspace = sources.lay_out(&target, progress)?;
    sources.vetted(vetting.as_ref(), [(&target, &workspace)], progress)?;
    let elsewhere = other.and_then(|it| it.reported.as_deref());
    sources.build(&workspace, target, elsewhere, progress)
}

/// Compiles a program that is to run here and now, and no more.
pub(crate) fn run_quick(order: &Order<'_>, progress: &Progress) -> Result<Binary, PipelineError> {
    let (sources, target) = Sources::find(order, Target::here, progress)?;
    let workspace = sources.lay_out(&target, progress)?;
    let (binary, asked) = sources.compile(&workspace, &target, progress)?;
    progress.phase("check", "what the program reports", || {
        self_check::check(&binary.path, &target, &asked, None, progress)
    })?;
    Ok(binary)
}

/// Vets the policies and no more.
pub(crate) fn vet(
    order: &Order<'_>,
    wanted: vet::Wanted<'_>,
    progress: &Progress,
) -> Result<Outcome, PipelineError> {
    let vetting = Vetting { wanted, rules: Rules::read(order.policies)? };
    let (sources, target) = Sources::find(order, || Target::choose(order.target), progress)?;
    let workspace = sources.lay_out(&target, progress)?;
    sources.vet(&vetting, &workspace, &target, progress)
}

/// Does it for several platforms, this machine's own first if it is among them.
///
/// The crates are found and their versions resolved once: what one program reports does for those
/// that do not start here.
pub(crate) fn run_platforms(
    order: &Order<'_>,
    platforms: &[Platform],
    progress: &Progress,
) -> Result<Vec<Built>, PipelineError> {
    let choose = || {
        let targets = platforms.iter().map(target_for_platform).collect::<Result<Vec<_>, _>>();
        targets.map(|mut targets| {
            targets.sort_by_key(|target| (!target.runs_here(), target.triple.clone()));
            targets.dedup();
            targets
        })
    };
    let vetting = Vetting::of(order)?;
    let (sources, targets) = Sources::find(order, choose, progress)?;
    let mut laid_out = Vec::<(Target, Workspace)>::new();
    for target in targets {
        let workspace = match laid_out.first() {
            None => sources.lay_out(&target, progress)?,
            Some((_, first)) => sources.lay_out_another(&target, first)?,
        };
        laid_out.push((target, workspace));
    }
    // What a crate does may differ from one processor to the next.
    let all = laid_out.iter().map(|(target, workspace)| (target, workspace));
    sources.vetted(vetting.as_ref(), all, progress)?;
    let mut built = Vec::<Built>::new();
    for (target, workspace) in laid_out {
        let reported = built.iter().find_map(|it| it.reported.as_deref());
        built.push(sources.build(&workspace, target, reported, progress)?);
    }
    Ok(built)
}

/// Why there is no such binary.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PipelineError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    WorkFolder(#[from] WorkFolderError),
    #[error(transparent)]
    Locked(#[from] LockedError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Vet(#[from] VetError),
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Materials(#[from] MaterialsError),
}
