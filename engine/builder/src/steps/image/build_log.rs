//! What Cargo and the compiler printed when another tool had them compile a program.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use crate::steps::engine::PROGRAM;
use policy_cargo::{Cargo, CargoError, LinkedIds, LinkedPackage, Target, rustc};

/// The files with what was printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuildLog<'a> {
    /// Of `cargo build --message-format json`.
    pub(crate) messages: &'a Path,
    /// Of `cargo metadata --format-version 1 --filter-platform TRIPLE`; Cargo is asked where there
    /// is none.
    pub(crate) metadata: Option<&'a Path>,
    /// Of `rustc -vV`; the compiler is asked where there is none.
    pub(crate) rustc: Option<&'a Path>,
}

/// What the files say.
pub(super) struct Logged {
    /// The compiler, as it names itself.
    pub(super) rustc: String,
    /// The packages that are linked into the program, sorted: itself among them.
    pub(super) linked: Vec<LinkedPackage>,
}

impl BuildLog<'_> {
    /// Reads the files for a program that was compiled from a workspace.
    pub(super) fn read(&self, workspace: &Path, target: &Target) -> Result<Logged, BuildLogError> {
        let in_file = |path: &Path| {
            let path = path.to_owned();
            |error| BuildLogError::File { path, error }
        };
        let messages = fs_err::File::open(self.messages).map_err(BuildLogError::Open)?;
        let ids = LinkedIds::read(BufReader::new(messages), &target.triple)
            .map_err(in_file(self.messages))?;
        let linked = if let Some(path) = self.metadata {
            let metadata = fs_err::read(path).map_err(BuildLogError::Open)?;
            ids.packages(&metadata).map_err(in_file(path))?
        } else {
            let cargo = Cargo::with_temporary_home()?;
            ids.packages(&ids.print_metadata(&cargo, workspace)?)?
        };
        if !linked.iter().any(|package| package.id.name == PROGRAM && package.id.source.is_none()) {
            let (path, target) = (self.messages.to_owned(), target.triple.clone());
            return Err(BuildLogError::NoProgram { path, target });
        }
        let rustc = match self.rustc {
            Some(path) => {
                let printed = fs_err::read_to_string(path).map_err(BuildLogError::Open)?;
                let version = rustc::version_in(&printed).map(str::to_owned);
                version.ok_or_else(|| BuildLogError::Rustc(path.to_owned()))?
            }
            None => rustc::version()?,
        };
        Ok(Logged { rustc, linked })
    }
}

/// An error of reading what was printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildLogError {
    #[error("failed to read the log of the program's compilation: {0}")]
    Open(io::Error),
    #[error("failed to read the log of the program's compilation in `{}`: {error}", path.display())]
    File { path: PathBuf, error: CargoError },
    #[error(
        "`{}` does not tell of a release build of the program for `{target}`\nhelp: write it with \
         `cargo build --release --target {target} --package {PROGRAM} --message-format json` in \
         the workspace", path.display()
    )]
    NoProgram { path: PathBuf, target: String },
    #[error(
        "`{}` does not begin with the compiler's version\nhelp: write it with `rustc -vV`",
        .0.display()
    )]
    Rustc(PathBuf),
    #[error(transparent)]
    Cargo(#[from] CargoError),
}
