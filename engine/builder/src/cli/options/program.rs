use std::path::{Path, PathBuf};

use super::super::Failure;
use crate::steps::image::BuildLog;
use crate::steps::image::prebuilt::{Prebuilt, PrebuiltFiles};
use policy_host::progress::Progress;

/// A program that another tool compiled.
#[derive(Debug, clap::Args)]
pub(crate) struct ProgramArgs {
    /// The program, one static binary
    #[arg(long, value_name = "FILE")]
    pub(crate) program: PathBuf,
    /// The workspace that it was compiled from, as `generate` laid it out
    #[arg(long, value_name = "DIR")]
    workspace: PathBuf,
    /// A program of the same workspace that starts on this machine: what it reports stands for one
    /// that does not
    #[arg(long, value_name = "FILE")]
    reported_by: Option<PathBuf>,
    /// The source revision for the image's label [default: the one that `generate` stamped in]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
}

impl ProgramArgs {
    /// Reads the program and checks that it is what was asked for.
    pub(crate) fn read(
        &self,
        log: Option<BuildLog<'_>>,
        advisory_db: Option<&Path>,
        progress: &Progress,
    ) -> Result<Prebuilt, Failure> {
        let files = PrebuiltFiles {
            program: &self.program,
            workspace: &self.workspace,
            reported_by: self.reported_by.as_deref(),
            log,
            advisory_db,
        };
        let mut program = Prebuilt::read(&files, progress)?;
        if let Some(revision) = &self.revision {
            program.program.plan.revision = Some(revision.clone());
        }
        Ok(program)
    }
}
