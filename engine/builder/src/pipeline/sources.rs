use super::{Built, Order, PipelineError};
use crate::compile::{self, Binary, CompileError, Profile, Target};
use crate::discover::{Policies, Role};
use crate::engine::Engine;
use crate::generate::{self, Asked, Extent, GenerateError, Stamp, Workspace};
use crate::inspect::{self, Reported};
use crate::policies_lock::{self, Locked};
use crate::progress::Progress;
use crate::resolve::{self, again};
use crate::revision;
use crate::supply::Materials;
use crate::work_folder::WorkFolder;

/// What is built from, for whichever target, and where.
pub(super) struct Sources {
    engine: Engine,
    pub(super) policies: Policies,
    revision: Option<String>,
    pub(super) work: WorkFolder,
    profile: Profile,
    locked: Locked,
}

impl Sources {
    /// Finds them, and `T`, what they are to be compiled for.
    pub(super) fn find<T>(
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
    pub(super) fn lay_out(
        &self,
        target: &Target,
        progress: &Progress,
    ) -> Result<Workspace, PipelineError> {
        if let Some(note) = &target.note {
            progress.line(&format!("note: {note}"));
        }
        if self.policies.crates.iter().any(|it| it.manifest.is_in_carried_workspace()) {
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
                again::complete_lock(&workspace, &self.policies, self.locked, &kept, progress)
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
        generate::generate(&self.policies, &self.engine, &self.stamp(target), extent, &root)
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
            inspect::check(&binary.path, &target, &asked, elsewhere, progress)
        })?;
        // While the work folder is still this build's own.
        let materials = Materials::read(&workspace.root, &asked)?.with_origins(&self.policies);
        let rustc = compile::rustc_version()?;
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
