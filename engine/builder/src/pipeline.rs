//! All steps up to a binary that reports what was asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compile::{self, Binary, CompileError, Profile, Target};
use crate::discover::{DiscoverError, Policies, Role};
use crate::engine::{Engine, EngineError};
use crate::features::Features;
use crate::generate::{self, Asked, Extent, GenerateError, Stamp};
use crate::image::{Image, SourceDate};
use crate::inspect::{self, InspectError, Reported};
use crate::labels;
use crate::progress::Progress;
use crate::report::{BinaryReport, ImageReport, Report};
use crate::resolve::{self, ResolveError};
use crate::resolve_again;
use crate::revision;
use crate::work_folder::{WorkFolder, WorkFolderError};

/// What is to be built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) policies: &'a Path,
    /// The engine's sources, when the user names them.
    pub(crate) engine: Option<&'a Path>,
    /// Its optional parts that are wanted.
    pub(crate) engine_features: &'a Features,
    pub(crate) target: Option<&'a str>,
    pub(crate) revision: Option<&'a str>,
    pub(crate) work_dir: Option<&'a Path>,
    pub(crate) profile: Profile,
}

/// A program that is compiled and reports the policies that were asked for.
pub(crate) struct Built {
    pub(crate) target: Target,
    pub(crate) binary: Binary,
    asked: Asked,
    /// `None` where programs for its target do not start.
    reported: Option<Vec<Reported>>,
}

/// Does everything up to the binary.
pub(crate) fn run(order: &Order<'_>, progress: &Progress) -> Result<Built, PipelineError> {
    let (engine, policies, target) =
        progress.phase("discover", &order.policies.display().to_string(), || {
            let engine = Engine::locate(order.engine)?.with_features(order.engine_features)?;
            let policies = Policies::discover(order.policies, &engine)?;
            let target = match order.profile {
                Profile::Release => Target::choose(order.target)?,
                Profile::Quick => Target::here()?,
            };
            Ok::<_, PipelineError>((engine, policies, target))
        })?;
    if let Some(note) = &target.note {
        progress.line(&format!("note: {note}"));
    }
    let revision = match order.profile {
        Profile::Release => {
            order.revision.map(str::to_owned).or_else(|| revision::of(order.policies))
        }
        // It would have the program compiled again with each commit.
        Profile::Quick => None,
    };
    let work = order.profile.work_folder(&WorkFolder::choose(order.work_dir, &engine));
    generate::check_outside(&work, &policies)?;
    let work = WorkFolder::take(&work, progress)?;

    let stamp = Stamp { target: &target.triple, revision: revision.as_deref() };
    let count = policies.of_role(Role::Policy).count();
    let workspace = progress.phase("generate", &format!("{count} policy crates"), || {
        generate::generate(
            &policies,
            &engine,
            &stamp,
            Extent::Libraries,
            &work.path.join("workspace"),
        )
    })?;
    progress.phase("resolve", "dependencies", || match order.profile {
        Profile::Release => resolve::complete_lock(&workspace, &policies, progress),
        Profile::Quick => {
            let kept = work.path.join("resolved");
            resolve_again::complete_lock(&workspace, &policies, &kept, progress)
        }
    })?;
    let binary = progress.phase("compile", &target.triple, || {
        let cache = work.path.join("target");
        compile::compile(&workspace, &policies, &target, &cache, order.profile, progress)
    })?;
    let asked = Asked::of(&policies, &engine, &stamp);
    let reported = progress.phase("check", "what the program reports", || {
        inspect::check(&binary.path, &target, &asked, progress)
    })?;
    Ok(Built { target, binary, asked, reported })
}

impl Built {
    /// What is said of the image.
    pub(crate) fn labels(&self, created: SourceDate) -> BTreeMap<String, String> {
        labels::of(&self.asked, self.reported.as_deref(), Some(&created.to_string()))
    }

    pub(crate) fn report(self, image: Option<&Image>, progress: &Progress) -> Report {
        Report {
            binary: BinaryReport::of(&self.binary, &self.target),
            policies: self.reported,
            image: image.map(ImageReport::of),
            phases: progress.finish(),
        }
    }
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
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
