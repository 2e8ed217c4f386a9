use std::io;
use std::path::{Path, PathBuf};

use super::build_log::{BuildLog, BuildLogError};
use super::pack::ImageOptions;
use super::program::Program;
use crate::steps::provenance::{Materials, MaterialsError};
use crate::steps::self_check::{self, SelfCheckError};
use crate::steps::vet::{VetError, allowed_vulnerabilities};
use crate::steps::workspace::{BUILD_PLAN, BuildPlan};
use policy_cargo::{ElfError, Target};
use policy_host::progress::Progress;
use policy_oci::{Image, ImageError};

/// A program that another tool compiled from a laid-out workspace.
#[derive(Debug)]
pub(crate) struct Prebuilt {
    pub(crate) program: Program,
    workspace: PathBuf,
}

/// The files that a program comes with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrebuiltFiles<'a> {
    pub(crate) program: &'a Path,
    /// The workspace that it was compiled from.
    pub(crate) workspace: &'a Path,
    /// A program of the same sources, which is asked where this one is for another machine.
    pub(crate) reported_by: Option<&'a Path>,
    /// The log of its compilation: with it the program is packed as one that was compiled here.
    pub(crate) log: Option<BuildLog<'a>>,
    /// A copy of `RustSec`'s advisory database, by which the policies were vetted.
    pub(crate) advisory_db: Option<&'a Path>,
}

impl Prebuilt {
    /// Reads a program and checks it as one that was compiled here is checked.
    pub(crate) fn read(
        files: &PrebuiltFiles<'_>,
        progress: &Progress,
    ) -> Result<Self, PrebuiltError> {
        let PrebuiltFiles { program, workspace, reported_by, log, advisory_db } = files;
        let plan = read_plan(workspace)?;
        let target = Target::new(&plan.target);
        let bytes = fs_err::read(program).map_err(PrebuiltError::Program)?;
        policy_cargo::check_static(program, &bytes)?;
        policy_cargo::check_processor(program, &bytes, &target)?;
        // Without a separator the system would look for it on the PATH.
        let absolute = |path: &Path| std::path::absolute(path).map_err(PrebuiltError::Program);
        let elsewhere = match reported_by.filter(|_| !target.runs_here()) {
            Some(other) => Some(self_check::reported_by(&absolute(other)?)?),
            None => None,
        };
        let program = absolute(program)?;
        let reported = self_check::check(&program, &target, &plan, elsewhere.as_deref(), progress)?;
        let log = log.map(|log| log.read(workspace, &target)).transpose()?;
        let (rustc, linked) = log.map(|log| (log.rustc, log.linked)).unzip();
        let vulnerabilities = match (advisory_db, &linked) {
            (Some(database), Some(linked)) => allowed_vulnerabilities(database, &plan, linked)?,
            _ => Vec::new(),
        };
        let program = Program { bytes, target, plan, reported, rustc, linked, vulnerabilities };
        Ok(Self { program, workspace: (*workspace).to_owned() })
    }

    /// Packs the program as an image; the sources in its workspace are what it was made from.
    pub(crate) fn pack(&self, options: &ImageOptions) -> Result<Image, PrebuiltError> {
        let materials = Materials::read(&self.workspace, &self.program.plan)?;
        Ok(self.program.pack(&materials, options)?)
    }
}

fn read_plan(workspace: &Path) -> Result<BuildPlan, PrebuiltError> {
    let path = workspace.join(BUILD_PLAN);
    let text = match fs_err::read(&path) {
        Ok(text) => text,
        Err(error) => return Err(PrebuiltError::NoWorkspace { root: workspace.to_owned(), error }),
    };
    serde_json::from_slice(&text).map_err(|error| PrebuiltError::Plan { path, error })
}

/// An error about a program that another tool compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrebuiltError {
    #[error(
        "`{}` is no workspace that `policy-builder generate` laid out: {error}\nhelp: name the one \
         that the program was compiled from with `--workspace`", root.display()
    )]
    NoWorkspace { root: PathBuf, error: io::Error },
    #[error(
        "`{}` is not as this version of policy-builder writes it: {error}\nhelp: lay the workspace \
         out again with `policy-builder generate`", path.display()
    )]
    Plan { path: PathBuf, error: serde_json::Error },
    #[error("failed to read the program: {0}\nhelp: name one with `--program`")]
    Program(io::Error),
    #[error(transparent)]
    Elf(#[from] ElfError),
    #[error(transparent)]
    SelfCheck(#[from] SelfCheckError),
    #[error(transparent)]
    Log(#[from] BuildLogError),
    #[error(transparent)]
    Vet(#[from] VetError),
    #[error(transparent)]
    Materials(#[from] MaterialsError),
    #[error(transparent)]
    Pack(#[from] ImageError),
}
