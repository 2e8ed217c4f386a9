//! All steps up to a binary that reports what was asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compile::{self, Binary, CompileError, Target};
use crate::discover::{DiscoverError, Policies, Role};
use crate::engine::{Engine, EngineError};
use crate::features::Features;
use crate::generate::{self, Asked, Extent, GenerateError, Stamp};
use crate::image::{self, Contents, Image, ImageName, PackError, SourceDate};
use crate::inspect::{self, InspectError, Reported};
use crate::labels;
use crate::progress::Progress;
use crate::report::{BinaryReport, ImageReport, Report};
use crate::resolve::{self, ResolveError};
use crate::revision;
use crate::supply::{self, Materials, MaterialsError, Parameters};
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

/// Does everything up to the binary.
pub(crate) fn run(order: &Order<'_>, progress: &Progress) -> Result<Built, PipelineError> {
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
        resolve::complete_lock(&workspace, &policies, progress)
    })?;
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
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Materials(#[from] MaterialsError),
}
