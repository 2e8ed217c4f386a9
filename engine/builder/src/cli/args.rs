//! The subcommands, and the options that several of them have.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use super::Failure;
use super::add::Add;
use super::base::Base;
use super::build::Build;
use super::builder_image::BuilderImage;
use super::completions::Completions;
use super::diff::Diff;
use super::discover::Discover;
use super::format::Format;
use super::generate::Generate;
use super::image::Image;
use super::index::Index;
use super::inspect::Inspect;
use super::label::Label;
use super::lock::Lock;
use super::new::New;
use super::pack::Pack;
use super::push::Push;
use super::verify::Verify;
use super::vet::Vet;
use super::watch::Watch;
use crate::compile::Profile;
use crate::destination::{self, DestinationError, Kind};
use crate::features::Features;
use crate::image::{self, ImageName, ImageNameError, SourceDate};
use crate::pipeline::Order;
use crate::policies_lock::Locked;
use crate::prebuilt::Prebuilt;
use crate::progress::Progress;
use crate::report::Outcome;
use crate::vet;

/// Builds one static binary, and a small image, from a folder of Rust policy crates
#[derive(Debug, Parser)]
#[command(
    name = "policy-builder",
    version,
    arg_required_else_help = true,
    after_help = "Example: policy-builder image --policies ./policies --output policy-engine.tar"
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Starts a policies folder, with one policy and its test
    New(New),
    /// Adds a policy crate to a policies folder
    Add(Add),
    /// Shows the policy crates of a folder
    Discover(Discover),
    /// Lays out the Cargo workspace that links them, with a complete lock
    Generate(Generate),
    /// Finds what policy crates have no business with: files, network, unsafe code and the like
    Vet(Vet),
    /// Compiles them into one static binary
    Build(Build),
    /// Compiles them and packs the binary as an OCI image
    Image(Image),
    /// Packs a binary that another tool compiled from a laid-out workspace
    Pack(Pack),
    /// Pushes an image to registries, without a container engine
    Push(Push),
    /// Adds the labels to a Docker image archive, from standard input to standard output
    Label(Label),
    /// Writes the files that every image has beside its binary
    Base(Base),
    /// Joins the images of several platforms into one
    Index(Index),
    /// Writes `policies.lock`: one version of every package that the program is made of
    Lock(Lock),
    /// Shows what an image holds: its policies, bill of materials and provenance
    Inspect(Inspect),
    /// Tells how two images differ, their policies first of all
    Diff(Diff),
    /// Builds an image again from its sources, and compares the digests
    Verify(Verify),
    /// Prints completions for a shell
    Completions(Completions),
    /// Packs the builder itself, with a compiler and the engine's sources, as an image
    BuilderImage(BuilderImage),
    /// Serves the policies while they are written: each save is compiled and takes over
    Watch(Watch),
}

#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// The folder of policy crates
    #[arg(long, value_name = "DIR", default_value = "policies")]
    pub(super) policies: PathBuf,
    /// A checkout of policy-engine to build with [default: the one that this program comes from]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    pub(super) engine: Option<PathBuf>,
}

/// How closely `policies.lock` is followed.
#[derive(Debug, clap::Args)]
pub(super) struct LockedArg {
    /// Refuses a `policies.lock` that is missing or stale; `--locked=false` takes it as it is
    /// [default: a stale one is refused where `CI` is set]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    locked: Option<bool>,
}

impl LockedArg {
    pub(super) fn locked(&self) -> Locked {
        match self.locked {
            Some(true) => Locked::Required,
            None if is_ci(env::var_os("CI").as_deref()) => Locked::Kept,
            Some(false) | None => Locked::Free,
        }
    }
}

/// Whether the variable `CI` says that this is one.
fn is_ci(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

#[derive(Debug, clap::Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    #[command(flatten)]
    locked: LockedArg,
    /// Optional parts of the engine, such as `otlp`, with commas between them
    #[arg(
        long,
        value_name = "FEATURES",
        env = "POLICY_ENGINE_FEATURES",
        default_value = "",
        hide_default_value = true
    )]
    engine_features: Features,
    /// The target triple [default: musl on this machine's processor where it is installed, else
    /// glibc, linked statically]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// The source revision to stamp in [default: the policies' Git revision, when there is one]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Where to work and to keep what can be used again [default: `policy-builder` in Cargo's
    /// target folder]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Also writes what was made, and how long each phase took, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Compiles the policies without vetting them before
    #[arg(long)]
    no_vet: bool,
    #[command(flatten)]
    vet: VetArgs,
    /// How to print what was made: JSON is what `--report` writes
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// How policies are vetted.
#[derive(Debug, clap::Args)]
pub(super) struct VetArgs {
    /// A copy of github.com/RustSec/advisory-db, for known vulnerabilities [default: those that
    /// `cargo audit` and `cargo deny` keep]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_ADVISORY_DB")]
    advisory_db: Option<PathBuf>,
}

impl VetArgs {
    pub(super) fn wanted(&self) -> vet::Wanted<'_> {
        vet::Wanted { advisory_db: self.advisory_db.as_deref() }
    }
}

impl BuildArgs {
    pub(super) fn order(&self) -> Order<'_> {
        Order {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            engine_features: &self.engine_features,
            target: self.target.as_deref(),
            revision: self.revision.as_deref(),
            work_dir: self.work_dir.as_deref(),
            locked: self.locked.locked(),
            vet: (!self.no_vet).then(|| self.vet.wanted()),
            profile: Profile::Release,
        }
    }

    /// Finds out whether the report could be written, before the work for it begins.
    pub(super) fn check_report(&self) -> Result<(), DestinationError> {
        self.report.as_deref().map_or(Ok(()), |path| destination::check_file(path, Kind::Report))
    }

    /// Writes the report where one is wanted, and prints the summary.
    pub(super) fn finish(&self, report: &impl Outcome, written: &str) -> Result<(), Failure> {
        if let Some(path) = &self.report {
            report.write(path)?;
        }
        self.format.print(report, || report.summary(written))
    }
}

/// A program that another tool compiled.
#[derive(Debug, clap::Args)]
pub(super) struct ProgramArgs {
    /// The program, one static binary
    #[arg(long, value_name = "FILE")]
    pub(super) program: PathBuf,
    /// The workspace that it was compiled from, as `generate` laid it out
    #[arg(long, value_name = "DIR")]
    workspace: PathBuf,
    /// The source revision for the image's label [default: the one that `generate` stamped in]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
}

impl ProgramArgs {
    /// Reads the program and checks that it is what was asked for.
    pub(super) fn read(&self, progress: &Progress) -> Result<Prebuilt, Failure> {
        let mut program = Prebuilt::read(&self.program, &self.workspace, progress)?;
        if let Some(revision) = &self.revision {
            program.asked.revision = Some(revision.clone());
        }
        Ok(program)
    }
}

/// Where an image goes, what it is called and how old it is.
#[derive(Debug, clap::Args)]
pub(super) struct ImageArgs {
    /// Where to write the archive, for `docker load`, `podman load` and `skopeo` [default:
    /// policy-engine.tar, unless `--oci-layout` is given]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Writes the image as an OCI image layout, in a folder
    #[arg(long, value_name = "DIR")]
    oci_layout: Option<PathBuf>,
    /// The image's repository
    #[arg(long, env = "POLICY_ENGINE_IMAGE_REPO", default_value = "policy-engine")]
    repo: String,
    /// The image's tag
    #[arg(long, env = "POLICY_ENGINE_TAG", default_value = "latest")]
    tag: String,
    /// The date of the image and of the files in it, in seconds since 1970
    #[arg(
        long,
        value_name = "SECONDS",
        env = "SOURCE_DATE_EPOCH",
        default_value = "0",
        hide_default_value = true
    )]
    pub(super) created: SourceDate,
}

impl ImageArgs {
    /// The image's name.
    pub(super) fn name(&self) -> Result<ImageName, ImageNameError> {
        format!("{}:{}", self.repo, self.tag).parse()
    }

    /// Finds out whether the image could be written, before the work for it begins.
    pub(super) fn check(&self) -> Result<(), DestinationError> {
        if let Some(path) = self.archive() {
            destination::check_file(path, Kind::Image)?;
        }
        self.oci_layout
            .as_deref()
            .map_or(Ok(()), |folder| destination::check_folder(folder, Kind::Image))
    }

    /// Writes the image, and tells where.
    pub(super) fn write(&self, image: &image::Image) -> Result<String, DestinationError> {
        self.write_by(|path| image.write_archive_file(path), |dir| image.write_layout_dir(dir))
    }

    /// Writes the image of several platforms, and tells where. Loaders that know no index get
    /// `docker` from its archive.
    pub(super) fn write_joined(
        &self,
        whole: &image::MultiPlatform,
        docker: Option<&image::Image>,
    ) -> Result<String, DestinationError> {
        let archive = |path: &Path| whole.write_archive_file(path, self.created, docker);
        self.write_by(archive, |dir| whole.write_layout_dir(dir))
    }

    fn write_by(
        &self,
        archive: impl FnOnce(&Path) -> Result<(), DestinationError>,
        layout: impl FnOnce(&Path) -> Result<(), DestinationError>,
    ) -> Result<String, DestinationError> {
        if let Some(path) = self.archive() {
            archive(path)?;
        }
        if let Some(folder) = &self.oci_layout {
            layout(folder)?;
        }
        let written = [self.archive(), self.oci_layout.as_deref()];
        let written = written.into_iter().flatten().map(|path| path.display().to_string());
        Ok(written.collect::<Vec<_>>().join(", "))
    }

    /// Where the archive goes, when there is to be one.
    fn archive(&self) -> Option<&Path> {
        match (&self.output, &self.oci_layout) {
            (None, Some(_)) => None,
            (None, None) => Some(Path::new("policy-engine.tar")),
            (Some(output), _) => Some(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn ci_is_where_the_variable_says_so() {
        for (value, is) in
            [("true", true), ("1", true), ("", false), ("0", false), ("false", false)]
        {
            assert_eq!(is_ci(Some(OsStr::new(value))), is, "{value}");
        }
        assert!(!is_ci(None));
    }

    /// The command in an example, without what a shell makes of the rest.
    fn example(command: &clap::Command) -> Option<Vec<String>> {
        let help = command.get_after_help()?.to_string();
        let (_, example) = help.rsplit_once("Example: ")?;
        let words = example.split_whitespace();
        let from = words.skip_while(|word| *word != "policy-builder");
        let until = from.take_while(|word| !["&&", "|", ">"].contains(word));
        Some(until.map(str::to_owned).collect())
    }

    #[test]
    fn every_command_has_an_example_that_it_takes() {
        let args = Args::command();
        for command in args.get_subcommands().chain([&args]) {
            let Some(example) = example(command) else { panic!("{command} has no example") };
            let name = command.get_name();
            assert!(name == "policy-builder" || example[1] == name, "{name}: {example:?}");
            let parsed = Args::try_parse_from(&example);
            assert!(parsed.is_ok(), "{example:?}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn every_command_that_prints_a_result_has_formats_for_it() {
        // What these print is for programs only, or is what they do.
        let others = ["label", "completions", "watch"];
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            let format = command.get_arguments().find(|it| it.get_id() == "format");
            let Some(format) = format else {
                assert!(others.contains(&name), "{name} has no --format");
                continue;
            };
            let formats: Vec<_> = format.get_possible_values();
            let formats: Vec<_> =
                formats.iter().map(clap::builder::PossibleValue::get_name).collect();
            assert_eq!(formats, ["text", "json"], "{name}");
            assert_eq!(format.get_default_values(), ["text"], "{name}");
        }
    }

    #[test]
    fn every_argument_says_what_it_is() {
        for command in Args::command().get_subcommands() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty() && !help.ends_with('.'), "{command} {argument}: {help}");
            }
        }
    }
}
