//! The command line: `image` does the whole job, `discover`, `generate` and `build` stop earlier.

mod args;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use serde::Serialize;

use crate::compile::{CompileError, Target};
use crate::destination::{self, DestinationError, Kind};
use crate::discover::{DiscoverError, Policies, PolicyCrate, Role};
use crate::engine::{Engine, EngineError};
use crate::generate::{self, GenerateError, Stamp};
use crate::image::{self, Contents, PackError};
use crate::pipeline::{self, PipelineError};
use crate::progress::Progress;
use crate::report::Report;
use crate::revision;
use args::{Args, BuildArgs, Command, Format, Inputs};

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
        Command::Discover(args) => discover(&args.inputs, args.format),
        Command::Generate(args) => generate(&args),
        Command::Build(args) => build(&args),
        Command::Image(args) => image(&args),
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

fn discover(inputs: &Inputs, format: Format) -> Result<(), Failure> {
    let engine = Engine::locate(inputs.engine.as_deref())?;
    let policies = Policies::discover(&inputs.policies, &engine)?;
    let of_role = |role| policies.of_role(role).map(Listed::of).collect::<Vec<_>>();
    let (found, support) = (of_role(Role::Policy), of_role(Role::Support));
    let mut text = String::new();
    match format {
        Format::Json => {
            let found = serde_json::json!({ "policies": found, "support": support });
            let _ = writeln!(text, "{found:#}");
        }
        Format::Text => {
            let found = found.iter().map(|it| (Role::Policy, it));
            for (role, it) in found.chain(support.iter().map(|it| (Role::Support, it))) {
                let folder = inputs.policies.join(it.folder);
                let _ =
                    writeln!(text, "{role:<7}  {} {}  ({})", it.name, it.version, folder.display());
            }
        }
    }
    print(&text)
}

/// One crate, as `discover --format json` shows it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(rename = "crate")]
    name: &'a str,
    version: String,
    folder: &'a str,
}

impl<'a> Listed<'a> {
    fn of(it: &'a PolicyCrate) -> Self {
        Self { name: &it.name, version: it.version.to_string(), folder: &it.folder }
    }
}

fn generate(args: &args::Generate) -> Result<(), Failure> {
    let engine = Engine::locate(args.inputs.engine.as_deref())?;
    let policies = Policies::discover(&args.inputs.policies, &engine)?;
    generate::check_outside(&args.output, &policies)?;
    generate::check_ours(&args.output)?;
    let target =
        args.target.clone().map_or_else(|| Target::choose(None).map(|it| it.triple), Ok)?;
    let revision = args.revision.clone().or_else(|| revision::of(&args.inputs.policies));
    let stamp = Stamp { target: &target, revision: revision.as_deref() };
    let workspace = generate::generate(&policies, &engine, &stamp, &args.output)?;
    print(&format!("{}\n", workspace.root.display()))
}

fn build(args: &args::Build) -> Result<(), Failure> {
    destination::check_file(&args.output, Kind::Program)?;
    check_report(&args.build)?;
    let progress = Progress::new();
    let built = pipeline::run(&args.build.order(), &progress)?;
    destination::replace_file(&args.output, Kind::Program, |file| {
        file.write_all(&built.binary.bytes)
    })?;
    finish(&args.build, &built.report(None, &progress), &args.output.display().to_string())
}

fn image(args: &args::Image) -> Result<(), Failure> {
    let archive = args.archive();
    if let Some(path) = &archive {
        destination::check_file(path, Kind::Image)?;
    }
    if let Some(folder) = &args.oci_layout {
        destination::check_layout(folder)?;
    }
    check_report(&args.build)?;
    let name = args.name()?;
    let progress = Progress::new();
    let built = pipeline::run(&args.build.order(), &progress)?;
    let image = progress.phase("pack", &name.to_string(), || {
        let image = image::pack(&Contents {
            binary: &built.binary.bytes,
            architecture: built.target.architecture(),
            name: name.clone(),
            created: args.created,
            labels: built.labels(args.created),
        })?;
        if let Some(path) = &archive {
            image.write_archive_file(path)?;
        }
        if let Some(folder) = &args.oci_layout {
            image.write_layout_dir(folder)?;
        }
        Ok::<_, Failure>(image)
    })?;
    let written = [archive, args.oci_layout.clone()];
    let written: Vec<_> = written.iter().flatten().map(|path| path.display().to_string()).collect();
    finish(&args.build, &built.report(Some(&image), &progress), &written.join(", "))
}

fn check_report(args: &BuildArgs) -> Result<(), DestinationError> {
    args.report.as_deref().map_or(Ok(()), |path| destination::check_file(path, Kind::Report))
}

fn finish(args: &BuildArgs, report: &Report, written: &str) -> Result<(), Failure> {
    if let Some(path) = &args.report {
        report.write(path)?;
    }
    print(&format!("{}\n", report.summary(written)))
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
    Compile(#[from] CompileError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Name(#[from] image::ImageNameError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("cannot write to standard output: {0}")]
    Print(io::Error),
}
