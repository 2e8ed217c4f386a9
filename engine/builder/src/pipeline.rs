//! All steps up to a binary that reports what was asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compile::{self, Binary, CompileError, Target};
use crate::discover::{DiscoverError, Policies, Role};
use crate::engine::{Engine, EngineError};
use crate::generate::{self, Asked, GenerateError, Stamp, Workspace};
use crate::image::{Image, SourceDate};
use crate::inspect::{self, InspectError, Reported};
use crate::progress::Progress;
use crate::report::{BinaryReport, ImageReport, Report};
use crate::revision;
use crate::work_folder::{WorkFolder, WorkFolderError};

/// What is to be built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) policies: &'a Path,
    /// The engine's sources, when the user names them.
    pub(crate) engine: Option<&'a Path>,
    pub(crate) target: Option<&'a str>,
    pub(crate) revision: Option<&'a str>,
    pub(crate) work_dir: Option<&'a Path>,
}

/// A program that is compiled and reports the policies that were asked for.
pub(crate) struct Built {
    engine: Engine,
    pub(crate) target: Target,
    revision: Option<String>,
    pub(crate) binary: Binary,
    asked: Asked,
    /// `None` where programs for its target do not start.
    reported: Option<Vec<Reported>>,
}

/// Does everything up to the binary.
pub(crate) fn run(order: &Order<'_>, progress: &Progress) -> Result<Built, PipelineError> {
    let (engine, policies, target) =
        progress.phase("discover", &order.policies.display().to_string(), || {
            let engine = Engine::locate(order.engine)?;
            let policies = Policies::discover(order.policies, &engine)?;
            Ok::<_, PipelineError>((engine, policies, Target::choose(order.target)?))
        })?;
    if let Some(note) = &target.note {
        progress.line(&format!("note: {note}"));
    }
    let revision = order.revision.map(str::to_owned).or_else(|| revision::of(order.policies));
    let work = WorkFolder::choose(order.work_dir, &engine);
    generate::check_outside(&work, &policies)?;
    let work = WorkFolder::take(&work, progress)?;

    let stamp = Stamp { target: &target.triple, revision: revision.as_deref() };
    let count = policies.of_role(Role::Policy).count();
    let workspace = progress.phase("generate", &format!("{count} policy crates"), || {
        generate::generate(&policies, &engine, &stamp, &work.path.join("workspace"))
    })?;
    progress.phase("resolve", "dependencies", || complete_lock(&workspace, progress))?;
    let binary = progress.phase("compile", &target.triple, || {
        compile::compile(&workspace, &policies, &target, &work.path.join("target"), progress)
    })?;
    let asked = Asked::of(&policies, &engine);
    let reported = progress.phase("check", "what the program reports", || {
        if !target.runs_here() {
            progress.line(&format!(
                "note: programs for {} do not start here, so what this one reports is not compared \
                 with what was asked for",
                target.triple
            ));
            return Ok(None);
        }
        let reported = inspect::reported_by(&binary.path)?;
        inspect::compare(&asked, &reported).map(|()| Some(reported))
    })?;
    Ok(Built { engine, target, revision, binary, asked, reported })
}

/// Has Cargo complete the lock, and tells what it chose by itself: that may be something else
/// another day.
fn complete_lock(workspace: &Workspace, progress: &Progress) -> Result<(), PipelineError> {
    let pinned = workspace.locked()?;
    compile::complete_lock(workspace)?;
    let chosen = workspace.locked()?.into_iter().filter(|it| !pinned.contains(it));
    let chosen: Vec<_> = chosen.map(|it| format!("{} {}", it.name, it.version)).collect();
    if !chosen.is_empty() {
        progress.line(&format!(
            "note: no `Cargo.lock` pins {}, so the newest that fit were taken; with a `Cargo.lock` \
             in the policies folder, or beside the crate, the same are taken every time",
            chosen.join(", ")
        ));
    }
    Ok(())
}

impl Built {
    /// What is said of the image, by the keys of the OCI image specification where it has one.
    pub(crate) fn labels(&self, created: SourceDate) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from(
            [
                ("org.opencontainers.image.created", created.to_string()),
                ("org.opencontainers.image.title", "policy-engine".to_owned()),
                (
                    "org.opencontainers.image.description",
                    "Policies and the engine that answers by them".to_owned(),
                ),
                ("org.opencontainers.image.version", self.engine.version.to_string()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        if let Ok(crates) = serde_json::to_string(&self.asked.policies) {
            labels.insert("policy-engine.crates".to_owned(), crates);
        }
        if let Some(Ok(policies)) = self.reported.as_ref().map(serde_json::to_string) {
            labels.insert("policy-engine.policies".to_owned(), policies);
        }
        if let Some(revision) = &self.revision {
            labels.insert("org.opencontainers.image.revision".to_owned(), revision.clone());
        }
        labels
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
    Compile(#[from] CompileError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
