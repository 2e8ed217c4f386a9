//! One build, composed of the steps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::answers::Answers;
use super::compile::{self, Binary, Profile};
use super::discover::{Policies, PolicyCrate, Role, carried};
use super::engine::Engine;
use super::error::BuildError;
use super::git;
use super::image::{Built, Program};
use super::options::BuildOptions;
use super::program_source::ProgramSource;
use super::provenance::Materials;
use super::resolve::{self, policies_lock};
use super::self_check::{self, Reported};
use super::vet::{self, Rules, VetError, VetOutcome};
use super::work_folder::WorkFolder;
use super::workspace::{self, BuildPlan, Extent, GenerateError, Stamp, Workspace};
use policy_cargo::lockfile::Package;
use policy_cargo::{Cargo, CargoError, Configuration, SetAside, Target, rustc};
use policy_host::progress::Progress;

/// A build whose sources are found and whose work folder is its own.
pub(crate) struct Build<'a> {
    options: &'a BuildOptions<'a>,
    progress: &'a Progress,
    rules: Rules,
    engine: Engine,
    policies: Policies,
    /// The packages that the engine is linked with.
    engine_packages: Vec<Package>,
    revision: Option<String>,
    work: WorkFolder,
    /// What Cargo answered in earlier builds.
    answers: Answers,
    targets: Vec<Target>,
}

/// The workspace for one target, its lock complete and its program written.
struct LaidOut {
    target: Target,
    workspace: Workspace,
    plan: BuildPlan,
}

impl<'a> Build<'a> {
    /// Finds what is built, and waits for the work folder.
    pub(crate) fn new(
        options: &'a BuildOptions<'a>,
        progress: &'a Progress,
    ) -> Result<Self, BuildError> {
        // Before any work: the rules may be wrong.
        let rules = Rules::read(options.policies)?;
        policies_lock::check_is_there(options.policies, options.locked)?;
        note_set_aside(options.profile, progress)?;
        let (engine, policies, targets) =
            progress.phase("discover", &options.policies.display().to_string(), || {
                let engine =
                    Engine::locate(options.engine)?.with_features(options.engine_features)?;
                let policies = Policies::discover(options.policies, &engine)?;
                Ok::<_, BuildError>((engine, policies, options.targets.resolve()?))
            })?;
        let revision = match options.profile {
            Profile::Release => {
                let named = options.revision.map(str::to_owned);
                let revision = named.or_else(|| git::revision(options.policies));
                revision.filter(|revision| !revision.is_empty())
            }
            // With it, each commit would have the program compiled again.
            Profile::Quick => None,
        };
        let work = WorkFolder::choose(options.work_dir, &engine);
        workspace::check_outside(&work, &policies)?;
        let work = WorkFolder::take(&work, progress)?;
        let answers = Answers::in_work_folder(&work.path);
        let engine_packages = resolve::linked(&engine, &answers)?;
        Ok(Self {
            options,
            progress,
            rules,
            engine,
            policies,
            engine_packages,
            revision,
            work,
            answers,
            targets,
        })
    }

    /// Builds the program of each target.
    ///
    /// The crates are found and their versions resolved once. A program that does not start here is
    /// taken to report what one for another target reports, or what is `reported_elsewhere`.
    pub(crate) fn run(
        &self,
        reported_elsewhere: Option<&[Reported]>,
    ) -> Result<Vec<Built>, BuildError> {
        let workspaces = self.lay_out()?;
        self.require_vetted(&workspaces)?;
        let mut built = Vec::<Built>::new();
        for laid_out in workspaces {
            let binary = self.compile(&laid_out)?;
            let others = built.iter().find_map(|other| other.program.reported.as_deref());
            let elsewhere = others.or(reported_elsewhere);
            let reported = self.check(&binary, &laid_out, elsewhere)?;
            built.push(self.finish(laid_out, binary, reported)?);
        }
        Ok(built)
    }

    /// Compiles the program for the first target and checks what it reports, and no more.
    pub(crate) fn run_quick(&self) -> Result<Option<Binary>, BuildError> {
        let Some(laid_out) = self.lay_out()?.into_iter().next() else { return Ok(None) };
        let binary = self.compile(&laid_out)?;
        self.check(&binary, &laid_out, None)?;
        Ok(Some(binary))
    }

    /// Vets the policies for each target, and no more.
    pub(crate) fn vet(&self) -> Result<Vec<VetOutcome>, BuildError> {
        let workspaces = self.lay_out()?;
        let outcomes = workspaces.iter().filter_map(|laid_out| self.vet_one(laid_out));
        outcomes.collect()
    }

    /// Lays out the workspace of each target. All have the lock of the first.
    fn lay_out(&self) -> Result<Vec<LaidOut>, BuildError> {
        let mut workspaces = Vec::<LaidOut>::new();
        for target in &self.targets {
            let workspace = match workspaces.first() {
                None => self.lay_out_first(target)?,
                Some(first) => {
                    let taken: Vec<_> =
                        workspaces.iter().map(|other| other.workspace.root.as_path()).collect();
                    self.lay_out_another(target, &first.workspace, &taken)?
                }
            };
            let target = target.clone();
            let plan = self.write_program(&target, &workspace)?;
            workspaces.push(LaidOut { target, workspace, plan });
        }
        Ok(workspaces)
    }

    fn lay_out_first(&self, target: &Target) -> Result<Workspace, BuildError> {
        // `watch` would print it with each save.
        if let Some(note) = &target.note
            && self.options.profile == Profile::Release
        {
            self.progress.line(&format!("note: {note}"));
        }
        let is_carried = |found: &PolicyCrate| {
            found.manifest.workspace.as_ref().is_some_and(carried::is_carried)
        };
        if self.policies.crates.iter().any(is_carried) {
            self.progress.line(
                "note: what the crates inherit is as their workspace was when this image was made",
            );
        }
        let count = self.policies.of_role(Role::Policy).count();
        let crates = if count == 1 { "crate" } else { "crates" };
        let workspace =
            self.progress.phase("generate", &format!("{count} policy {crates}"), || {
                self.generate("workspace", &[])
            })?;
        let (policies, locked) = (&self.policies, self.options.locked);
        self.progress.phase("resolve", "dependencies", || {
            resolve::complete_lock(&workspace, policies, locked, &self.answers, self.progress)
        })?;
        Ok(workspace)
    }

    /// Lays out another workspace with the lock of the first. In a folder of its own, no file in it
    /// changes from one build to the next just because the target does.
    fn lay_out_another(
        &self,
        target: &Target,
        first: &Workspace,
        taken: &[&Path],
    ) -> Result<Workspace, BuildError> {
        let workspace = self.generate(&format!("workspace-{}", target.triple), taken)?;
        let [from, to] = [first, &workspace].map(|workspace| workspace.root.join("Cargo.lock"));
        fs_err::copy(from, to).map_err(GenerateError::Files)?;
        Ok(workspace)
    }

    fn generate(&self, folder: &str, taken: &[&Path]) -> Result<Workspace, GenerateError> {
        let root = self.work.path.join(folder);
        workspace::exchange(&self.policies, &root, &self.work.path.join("aside").join(folder))?;
        let linked = self.engine_packages.clone();
        let workspace =
            workspace::generate(&self.policies, &self.engine, linked, Extent::Libraries, &root)?;
        workspace::outdate_siblings(&self.work.path, folder, taken)?;
        Ok(workspace)
    }

    fn write_program(
        &self,
        target: &Target,
        workspace: &Workspace,
    ) -> Result<BuildPlan, GenerateError> {
        let stamp = Stamp { target: &target.triple, revision: self.revision.as_deref() };
        let cargo = || Cargo::with_home_in(&self.cache());
        let source = ProgramSource {
            workspace,
            policies: &self.policies,
            engine: &self.engine,
            rules: &self.rules,
        };
        source.write(&stamp, self.options.profile, &self.answers, cargo)
    }

    /// The folder that Cargo keeps what it compiles in.
    fn cache(&self) -> PathBuf {
        self.work.path.join("target")
    }

    /// Stops a build that does not pass vetting for one of its targets: the code of a crate may
    /// differ from one processor to the next.
    fn require_vetted(&self, workspaces: &[LaidOut]) -> Result<(), BuildError> {
        let mut printed = BTreeSet::new();
        for outcome in workspaces.iter().filter_map(|laid_out| self.vet_one(laid_out)) {
            let outcome = outcome?;
            for note in outcome.notes() {
                if printed.insert(note.clone()) {
                    self.progress.line(&format!("note: {note}"));
                }
            }
            if !outcome.passes() {
                self.progress.line(&outcome.text());
                return Err(VetError::Found(outcome.sentence()).into());
            }
        }
        Ok(())
    }

    /// Vets for one target; `None` where nothing is to be vetted.
    fn vet_one(&self, laid_out: &LaidOut) -> Option<Result<VetOutcome, BuildError>> {
        let options = self.options.vet?;
        let LaidOut { target, workspace, .. } = laid_out;
        let subject = vet::Subject { workspace, policies: &self.policies, target };
        let outcome = self.progress.phase("vet", "the crates of the policies folder", || {
            vet::vet(subject, &self.rules, options, &self.work.path, self.progress)
        });
        Some(outcome.map_err(BuildError::from))
    }

    fn compile(&self, laid_out: &LaidOut) -> Result<Binary, BuildError> {
        let LaidOut { target, workspace, .. } = laid_out;
        let (cache, profile) = (self.cache(), self.options.profile);
        Ok(self.progress.phase("compile", &target.triple, || {
            let (policies, answers) = (&self.policies, &self.answers);
            compile::compile(workspace, policies, target, &cache, profile, answers, self.progress)
        })?)
    }

    fn check(
        &self,
        binary: &Binary,
        laid_out: &LaidOut,
        elsewhere: Option<&[Reported]>,
    ) -> Result<Option<Vec<Reported>>, BuildError> {
        let LaidOut { target, plan, .. } = laid_out;
        Ok(self.progress.phase("check", "what the program reports", || {
            self_check::check(&binary.path, target, plan, elsewhere, self.progress)
        })?)
    }

    /// Puts together what a build gives, while the work folder is still its own.
    fn finish(
        &self,
        laid_out: LaidOut,
        binary: Binary,
        reported: Option<Vec<Reported>>,
    ) -> Result<Built, BuildError> {
        let LaidOut { target, workspace, plan } = laid_out;
        let materials = Materials::read(&workspace.root, &plan)?;
        let linked = binary.linked;
        // By a database that is named, and not by what this machine happens to have.
        let vulnerabilities = match self.options.vet.and_then(|vet| vet.advisory_db) {
            Some(database) => vet::allowed_vulnerabilities(database, &plan, &linked)?,
            None => Vec::new(),
        };
        let program = Program {
            bytes: binary.bytes,
            target,
            plan,
            reported,
            rustc: Some(rustc::version()?),
            linked: Some(linked),
            vulnerabilities,
        };
        Ok(Built { program, compiled: binary.compiled, materials })
    }
}

/// The setting by which `policy-builder setup` has Cargo test policies.
const API_PATCH: &str = "patch.crates-io.policy-api";

/// Prints which settings of Cargo's are not followed because they would change the program.
fn note_set_aside(profile: Profile, progress: &Progress) -> Result<(), CargoError> {
    let configuration = Configuration::read()?;
    // Programs are made of the engine's own `policy-api`, whatever takes it from where.
    let is_told = |setting: &&SetAside| match setting {
        SetAside::Key { key, .. } => key
            .strip_prefix(API_PATCH)
            .is_none_or(|rest| !matches!(rest.as_bytes(), [] | [b'.', ..])),
        SetAside::Variable { .. } => true,
    };
    let set_aside = configuration.set_aside().iter().filter(is_told);
    let set_aside: Vec<_> = set_aside.map(ToString::to_string).collect();
    if profile == Profile::Release && !set_aside.is_empty() {
        progress.line(&format!(
            "note: the program is compiled by the engine's own settings, so that it is the same \
             everywhere; set aside: {}",
            set_aside.join(", ")
        ));
    }
    Ok(())
}
