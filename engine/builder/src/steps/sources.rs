use super::build::{Order, PipelineError};
use super::image::Built;
use crate::cargo::CargoError;
use crate::cargo::lockfile::Package;
use crate::cargo::rustc;
use crate::cargo::{Configuration, Target};
use crate::progress::Progress;
use crate::steps::compile::{self, Binary, Profile};
use crate::steps::discover::carried;
use crate::steps::discover::{Policies, PolicyCrate, Role};
use crate::steps::engine::Engine;
use crate::steps::provenance::Materials;
use crate::steps::resolve::policies_lock::{self, Locked};
use crate::steps::resolve::{self, cached};
use crate::steps::revision;
use crate::steps::self_check::{self, Reported};
use crate::steps::work_folder::WorkFolder;
use crate::steps::workspace::{self, Asked, Extent, GenerateError, Stamp, Workspace};

/// What is built from, for whichever target, and where.
pub(super) struct Sources {
    engine: Engine,
    pub(super) policies: Policies,
    /// What the engine is linked with.
    linked: Vec<Package>,
    revision: Option<String>,
    pub(super) work: WorkFolder,
    profile: Profile,
    locked: Locked,
}

impl Sources {
    /// Finds them, and `T`, what they are to be compiled for.
    pub(super) fn find<T>(
        order: &Order<'_>,
        choose: impl FnOnce() -> Result<T, CargoError>,
        progress: &Progress,
    ) -> Result<(Self, T), PipelineError> {
        policies_lock::check_is_there(order.policies, order.locked)?;
        let configuration = Configuration::read().map_err(CargoError::from)?;
        let set_aside = configuration.set_aside();
        if order.profile == Profile::Release && !set_aside.is_empty() {
            progress.line(&format!(
                "note: the program is compiled by the engine's own settings, so that it is the \
                 same everywhere; set aside: {}",
                set_aside.join(", ")
            ));
        }
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
        workspace::check_outside(&work, &policies)?;
        let work = WorkFolder::take(&work, progress)?;
        let Order { profile, locked, .. } = *order;
        let linked = resolve::linked(&engine)?;
        Ok((Self { engine, policies, linked, revision, work, profile, locked }, chosen))
    }

    /// Lays out the workspace for a target, its lock complete.
    pub(super) fn lay_out(
        &self,
        target: &Target,
        progress: &Progress,
    ) -> Result<Workspace, PipelineError> {
        if let Some(note) = &target.note {
            progress.line(&format!("note: {note}"));
        }
        let is_carried = |found: &PolicyCrate| {
            found.manifest.workspace.as_ref().is_some_and(carried::is_carried)
        };
        if self.policies.crates.iter().any(is_carried) {
            progress.line(
                "note: what the crates inherit is as their workspace was when this image was made",
            );
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
                cached::complete_lock(&workspace, &self.policies, self.locked, &kept, progress)
            }
        })?;
        Ok(workspace)
    }

    /// Lays it out once more for another target, with the same lock. In a folder of its own, no
    /// file in it changes from one build to the next just because the target does.
    pub(super) fn lay_out_another(
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
        let (policies, linked) = (&self.policies, self.linked.clone());
        workspace::generate(policies, &self.engine, linked, &self.stamp(target), extent, &root)
    }

    fn stamp<'a>(&'a self, target: &'a Target) -> Stamp<'a> {
        Stamp { target: &target.triple, revision: self.revision.as_deref() }
    }

    /// Compiles the program of a workspace, and has it report its policies.
    pub(super) fn build(
        &self,
        workspace: &Workspace,
        target: Target,
        elsewhere: Option<&[Reported]>,
        progress: &Progress,
    ) -> Result<Built, PipelineError> {
        let (binary, asked) = self.compile(workspace, &target, progress)?;
        let reported = progress.phase("check", "what the program reports", || {
            self_check::check(&binary.path, &target, &asked, elsewhere, progress)
        })?;
        // While the work folder is still this build's own.
        let materials = Materials::read(&workspace.root, &asked)?.with_origins(&self.policies);
        let rustc = rustc::version()?;
        Ok(Built { target, binary, asked, reported, materials, rustc })
    }

    pub(super) fn compile(
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
