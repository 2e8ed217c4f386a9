//! All steps up to a binary that reports what was asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compile::{self, Binary, CompileError, Target};
use crate::discover::{DiscoverError, Policies, Role};
use crate::engine::{Engine, EngineError};
use crate::features::Features;
use crate::generate::{self, Asked, Extent, GenerateError, Stamp, Workspace};
use crate::image::{self, Contents, Image, ImageName, PackError, SourceDate};
use crate::inspect::{self, InspectError, Reported};
use crate::labels;
use crate::policies_lock::{self, Locked, LockedError};
use crate::progress::Progress;
use crate::report::{BinaryReport, ImageReport, Report};
use crate::resolve::{self, ResolveError};
use crate::revision;
use crate::supply::{self, Materials, MaterialsError, Parameters};
use crate::vet::{self, Outcome, Rules, RulesError, VetError};
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
    /// When the user names it; empty for none at all.
    pub(crate) revision: Option<&'a str>,
    pub(crate) work_dir: Option<&'a Path>,
    /// How far it may go from `policies.lock`.
    pub(crate) locked: Locked,
    /// How the policies are vetted before they are compiled, unless they are not.
    pub(crate) vet: Option<vet::Wanted<'a>>,
}

/// A program that is compiled and reports the policies that were asked for.
pub(crate) struct Built {
    pub(crate) target: Target,
    pub(crate) binary: Binary,
    asked: Asked,
    /// `None` where programs for its target do not start.
    reported: Option<Vec<Reported>>,
    materials: Materials,
    /// The compiler, as it names itself.
    rustc: String,
}

/// A workspace that is laid out, its lock complete.
struct LaidOut {
    engine: Engine,
    policies: Policies,
    target: Target,
    revision: Option<String>,
    work: WorkFolder,
    workspace: Workspace,
}

/// Does everything up to the binary.
pub(crate) fn run(order: &Order<'_>, progress: &Progress) -> Result<Built, PipelineError> {
    let rules = order.vet.map(|wanted| Ok::<_, RulesError>((wanted, Rules::read(order.policies)?)));
    let rules = rules.transpose()?;
    let laid = lay_out(order, progress)?;
    if let Some((wanted, rules)) = rules {
        let outcome = vet_laid(&laid, &rules, wanted, progress)?;
        for note in outcome.notes() {
            progress.line(&format!("note: {note}"));
        }
        if !outcome.passes() {
            progress.line(outcome.text().trim_end());
            return Err(VetError::Found(outcome.sentence()).into());
        }
    }
    let LaidOut { engine, policies, target, revision, work, workspace } = laid;
    let stamp = Stamp { target: &target.triple, revision: revision.as_deref() };
    let binary = progress.phase("compile", &target.triple, || {
        compile::compile(&workspace, &policies, &target, &work.path.join("target"), progress)
    })?;
    let asked = Asked::of(&policies, &engine, &stamp);
    let reported = progress.phase("check", "what the program reports", || {
        inspect::check(&binary.path, &target, &asked, progress)
    })?;
    // While the work folder is still this build's own.
    let materials = Materials::read(&workspace.root, &asked)?.with_origins(&policies);
    let rustc = compile::rustc_version()?;
    Ok(Built { target, binary, asked, reported, materials, rustc })
}

/// Vets the policies and no more.
pub(crate) fn vet(
    order: &Order<'_>,
    wanted: vet::Wanted<'_>,
    progress: &Progress,
) -> Result<Outcome, PipelineError> {
    let rules = Rules::read(order.policies)?;
    vet_laid(&lay_out(order, progress)?, &rules, wanted, progress)
}

fn vet_laid(
    laid: &LaidOut,
    rules: &Rules,
    wanted: vet::Wanted<'_>,
    progress: &Progress,
) -> Result<Outcome, PipelineError> {
    let LaidOut { policies, target, work, workspace, .. } = laid;
    let subject = vet::Subject { workspace, policies, target };
    Ok(progress.phase("vet", "the crates of the policies folder", || {
        vet::vet(subject, rules, wanted, &work.path, progress)
    })?)
}

/// Does everything that can be done without compiling.
fn lay_out(order: &Order<'_>, progress: &Progress) -> Result<LaidOut, PipelineError> {
    policies_lock::check_is_there(order.policies, order.locked)?;
    let (engine, policies, target) =
        progress.phase("discover", &order.policies.display().to_string(), || {
            let engine = Engine::locate(order.engine)?.with_features(order.engine_features)?;
            let policies = Policies::discover(order.policies, &engine)?;
            Ok::<_, PipelineError>((engine, policies, Target::choose(order.target)?))
        })?;
    if let Some(note) = &target.note {
        progress.line(&format!("note: {note}"));
    }
    let revision = order.revision.map(str::to_owned).or_else(|| revision::of(order.policies));
    let revision = revision.filter(|it| !it.is_empty());
    let work = WorkFolder::choose(order.work_dir, &engine);
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
    progress.phase("resolve", "dependencies", || {
        resolve::complete_lock(&workspace, &policies, order.locked, progress)
    })?;
    Ok(LaidOut { engine, policies, target, revision, work, workspace })
}

impl Built {
    /// Packs the program as an image, with what it is linked with and where it comes from attached.
    pub(crate) fn pack(&self, name: &ImageName, created: SourceDate) -> Result<Image, PackError> {
        let mut image = image::pack(&Contents {
            binary: &self.binary.bytes,
            architecture: self.target.architecture(),
            name: name.clone(),
            created,
            labels: self.labels(created),
        })?;
        let parameters = Parameters {
            asked: &self.asked,
            created,
            rustc: Some(&self.rustc),
            binary: &self.binary.bytes,
        };
        let reported = self.reported.as_deref().unwrap_or_default();
        let sbom = supply::sbom(&parameters, &self.materials, &self.binary.linked, reported)?;
        let provenance = supply::provenance(&image, &parameters, &self.materials)?;
        image.attach(&sbom)?;
        image.attach(&provenance)?;
        Ok(image)
    }

    /// What is said of the image.
    fn labels(&self, created: SourceDate) -> BTreeMap<String, String> {
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
    Compile(#[from] CompileError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Materials(#[from] MaterialsError),
}
