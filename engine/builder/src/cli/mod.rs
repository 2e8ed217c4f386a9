//! The command line: `image` does the whole job, `discover`, `generate` and `build` stop earlier.
//! `pack`, `label` and `base` serve those who compile with another tool, and `index` joins what
//! was packed for several platforms.

mod args;
mod base;
mod build;
mod discover;
mod generate;
mod image;
mod index;
mod label;
mod pack;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::compile::CompileError;
use crate::destination::DestinationError;
use crate::discover::DiscoverError;
use crate::engine::EngineError;
use crate::generate::GenerateError;
use crate::image::{ImageNameError, IndexError, LabelError, PackError};
use crate::pipeline::PipelineError;
use crate::prebuilt::PrebuiltError;
use crate::resolve::ResolveError;
use crate::watch::WatchError;
use args::{Args, Command};

/// Something could not be done.
const FAILED: u8 = 1;
/// The command line makes no sense (`EX_USAGE` of `sysexits.h`).
const USAGE: u8 = 64;

/// Exit status: 0 when what was asked for is there, 1 when it is not, 64 for a command line that
/// makes no sense.
pub(crate) fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked_for =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let printed = error.print().is_ok();
            return match (asked_for, printed) {
                (true, true) => ExitCode::SUCCESS,
                (true, false) => ExitCode::from(FAILED),
                (false, _) => ExitCode::from(USAGE),
            };
        }
    };
    let done = match args.command {
        Command::Discover(args) => args.run(),
        Command::Generate(args) => args.run(),
        Command::Build(args) => args.run(),
        Command::Image(args) => args.run(),
        Command::Pack(args) => args.run(),
        Command::Label(args) => args.run(),
        Command::Base(args) => args.run(),
        Command::Index(args) => args.run(),
        Command::Watch(args) => args.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // With standard error closed there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::from(FAILED)
        }
    }
}

fn print(text: &str) -> Result<(), Failure> {
    io::stdout().write_all(text.as_bytes()).map_err(Failure::Print)
}

/// Why what was asked for is not there.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Prebuilt(#[from] PrebuiltError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Name(#[from] ImageNameError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("cannot write to standard output: {0}")]
    Print(io::Error),
}
