//! All steps up to a binary that reports what was asked for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compile::{self, Binary, CompileError, Profile, Target};
use crate::discover::{DiscoverError, Policies, Role};
use crate::engine::{Engine, EngineError};
use crate::features::Features;
use crate::generate::{self, Asked, Extent, GenerateError, Stamp, Workspace};
use crate::image::{self, Contents, Image, ImageName, PackError, Platform, SourceDate};
use crate::inspect::{self, InspectError, Reported};
use crate::labels;
use crate::policies_lock::{self, Locked, LockedError};
use crate::progress::Progress;
use crate::report::{BinaryReport, ImageReport, PlatformReport, Report};
use crate::resolve::{self, ResolveError, again};
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
    pub(crate) profile: Profile,
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

/// Does everything up to the binary.
pub(crate) fn run(order: &Order<'_>, progress: &Progress) -> Result<Built, PipelineError> {
    let vetting = Vetting::of(order)?;
    let (sources, target) = Sources::find(order, || Target::choose(order.target), progress)?;
    let workspace = sources.lay_out(&target, progress)?;
    sources.vetted(vetting.as_ref(), &workspace, &target, progress)?;
    sources.build(&workspace, target, None, progress)
}

/// Compiles a program that is to run here and now, and no more.
pub(crate) fn run_quick(order: &Order<'_>, progress: &Progress) -> Result<Binary, PipelineError> {
    let (sources, target) = Sources::find(order, Target::here, progress)?;
    let workspace = sources.lay_out(&target, progress)?;
    let (binary, asked) = sources.compile(&workspace, &target, progress)?;
    progress.phase("check", "what the program reports", || {
        inspect::check(&binary.path, &target, &asked, None, progress)
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
        let targets = platforms.iter().map(Target::for_platform).collect::<Result<Vec<_>, _>>();
        targets.map(|mut targets| {
            targets.sort_by_key(|target| (!target.runs_here(), target.triple.clone()));
            targets.dedup();
            targets
        })
    };
    let vetting = Vetting::of(order)?;
    let (sources, targets) = Sources::find(order, choose, progress)?;
    let mut first: Option<Workspace> = None;
    let mut built = Vec::<Built>::new();
    for target in targets {
        let workspace = match &first {
            None => {
                let workspace = sources.lay_out(&target, progress)?;
                sources.vetted(vetting.as_ref(), &workspace, &target, progress)?;
                first.insert(workspace)
            }
            Some(first) => &sources.lay_out_another(&target, first)?,
        };
        let reported = built.iter().find_map(|it| it.reported.as_deref());
        built.push(sources.build(workspace, target, reported, progress)?);
    }
    Ok(built)
}

/// How the policies are vetted.
struct Vetting<'a> {
    wanted: vet::Wanted<'a>,
    rules: Rules,
}

impl<'a> Vetting<'a> {
    /// Before any work: the rules may be wrong. `None` where nothing is to be vetted.
    fn of(order: &Order<'a>) -> Result<Option<Self>, RulesError> {
        let read = |wanted| Ok(Self { wanted, rules: Rules::read(order.policies)? });
        order.vet.map(read).transpose()
    }
}

/// What is built from, for whichever target, and where.
struct Sources {
    engine: Engine,
    policies: Policies,
    revision: Option<String>,
    work: WorkFolder,
    profile: Profile,
    locked: Locked,
}

impl Sources {
    /// Finds them, and `T`, what they are to be compiled for.
    fn find<T>(
        order: &Order<'_>,
        choose: impl FnOnce() -> Result<T, CompileError>,
        progress: &Progress,
    ) -> Result<(Self, T), PipelineError> {
        policies_lock::check_is_there(order.policies, order.locked)?;
        let (engine, policies, chosen) =
            progress.phase("discover", &order.policies.display().to_string(), || {
                let engine = Engine::locate(order.engine)?.with_features(order.engine_features)?;
                let policies = Policies::discover(order.policies, &engine)?;
                Ok::<_, PipelineError>((engine, policies, choose()?))
            })?;
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
        let Order { profile, locked, .. } = *order;
        Ok((Self { engine, policies, revision, work, profile, locked }, chosen))
    }

    /// Lays out the workspace for a target, its lock complete.
    fn lay_out(&self, target: &Target, progress: &Progress) -> Result<Workspace, PipelineError> {
        if let Some(note) = &target.note {
            progress.line(&format!("note: {note}"));
        }
        let count = self.policies.of_role(Role::Policy).count();
        let workspace = progress.phase("generate", &format!("{count} policy crates"), || {
            self.generate(target, "workspace")
        })?;
        progress.phase("resolve", "dependencies", || match self.profile {
            Profile::Release => {
                resolve::complete_lock(&workspace, &self.policies, self.locked, progress)
            }
            Profile::Quick => {
                let kept = self.work.path.join("resolved");
                again::complete_lock(&workspace, &self.policies, self.locked, &kept, progress)
            }
        })?;
        Ok(workspace)
    }

    /// Lays it out once more for another target, with the same lock. In a folder of its own, no
    /// file in it changes from one build to the next just because the target does.
    fn lay_out_another(
        &self,
        target: &Target,
        first: &Workspace,
    ) -> Result<Workspace, PipelineError> {
        let workspace = self.generate(target, &format!("workspace-{}", target.triple))?;
        let [from, to] = [first, &workspace].map(|it| it.root.join("Cargo.lock"));
        fs_err::copy(from, to).map_err(GenerateError::Files)?;
        Ok(workspace)
    }

    fn generate(&self, target: &Target, folder: &str) -> Result<Workspace, GenerateError> {
        let root = self.work.path.join(folder);
        let extent = Extent::Libraries;
        generate::generate(&self.policies, &self.engine, &self.stamp(target), extent, &root)
    }

    fn stamp<'a>(&'a self, target: &'a Target) -> Stamp<'a> {
        Stamp { target: &target.triple, revision: self.revision.as_deref() }
    }

    /// Stops a build by what vetting finds.
    fn vetted(
        &self,
        vetting: Option<&Vetting<'_>>,
        workspace: &Workspace,
        target: &Target,
        progress: &Progress,
    ) -> Result<(), PipelineError> {
        let Some(vetting) = vetting else { return Ok(()) };
        let outcome = self.vet(vetting, workspace, target, progress)?;
        for note in outcome.notes() {
            progress.line(&format!("note: {note}"));
        }
        if outcome.passes() {
            return Ok(());
        }
        progress.line(&outcome.text());
        Err(VetError::Found(outcome.sentence()).into())
    }

    fn vet(
        &self,
        vetting: &Vetting<'_>,
        workspace: &Workspace,
        target: &Target,
        progress: &Progress,
    ) -> Result<Outcome, PipelineError> {
        let subject = vet::Subject { workspace, policies: &self.policies, target };
        Ok(progress.phase("vet", "the crates of the policies folder", || {
            vet::vet(subject, &vetting.rules, vetting.wanted, &self.work.path, progress)
        })?)
    }

    /// Compiles the program of a workspace, and has it report its policies.
    fn build(
        &self,
        workspace: &Workspace,
        target: Target,
        elsewhere: Option<&[Reported]>,
        progress: &Progress,
    ) -> Result<Built, PipelineError> {
        let (binary, asked) = self.compile(workspace, &target, progress)?;
        let reported = progress.phase("check", "what the program reports", || {
            inspect::check(&binary.path, &target, &asked, elsewhere, progress)
        })?;
        // While the work folder is still this build's own.
        let materials = Materials::read(&workspace.root, &asked)?.with_origins(&self.policies);
        let rustc = compile::rustc_version()?;
        Ok(Built { target, binary, asked, reported, materials, rustc })
    }

    fn compile(
        &self,
        workspace: &Workspace,
        target: &Target,
        progress: &Progress,
    ) -> Result<(Binary, Asked), PipelineError> {
        let (cache, profile) = (self.work.path.join("target"), self.profile);
        let binary = progress.phase("compile", &target.triple, || {
            compile::compile(workspace, &self.policies, target, &cache, profile, progress)
        })?;
        Ok((binary, Asked::of(&self.policies, &self.engine, &self.stamp(target))))
    }
}

impl Built {
    /// Packs the program as an image, with what it is linked with and where it comes from attached.
    pub(crate) fn pack(&self, name: &ImageName, created: SourceDate) -> Result<Image, PackError> {
        let mut image = image::pack(&Contents {
            binary: &self.binary.bytes,
            platform: self.target.platform(),
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

    /// What is told of it beside programs for other platforms.
    pub(crate) fn platform(self, image: &Image) -> PlatformReport {
        PlatformReport {
            platform: image.platform().to_string(),
            binary: BinaryReport::of(&self.binary, &self.target),
            policies: self.reported,
            image: ImageReport::of(image),
        }
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
