//! The subcommands, and the options that several of them have.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use super::Failure;
use super::base::Base;
use super::build::Build;
use super::discover::Discover;
use super::generate::Generate;
use super::image::Image;
use super::index::Index;
use super::label::Label;
use super::pack::Pack;
use super::watch::Watch;
use crate::compile::Profile;
use crate::destination::{self, DestinationError, Kind};
use crate::features::Features;
use crate::image::{self, ImageName, ImageNameError, SourceDate};
use crate::pipeline::Order;
use crate::prebuilt::Prebuilt;
use crate::progress::Progress;
use crate::report::Report;

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
    /// Shows the policy crates of a folder
    Discover(Discover),
    /// Lays out the Cargo workspace that links them, with a complete lock
    Generate(Generate),
    /// Compiles them into one static binary
    Build(Build),
    /// Compiles them and packs the binary as an OCI image
    Image(Image),
    /// Packs a binary that another tool compiled from a laid-out workspace
    Pack(Pack),
    /// Adds the labels to a Docker image archive, from standard input to standard output
    Label(Label),
    /// Writes the files that every image has beside its binary
    Base(Base),
    /// Joins the images of several platforms into one
    Index(Index),
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

#[derive(Debug, clap::Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    pub(super) inputs: Inputs,
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
            profile: Profile::Release,
        }
    }

    /// Finds out whether the report could be written, before the work for it begins.
    pub(super) fn check_report(&self) -> Result<(), DestinationError> {
        self.report.as_deref().map_or(Ok(()), |path| destination::check_file(path, Kind::Report))
    }

    /// Writes the report where one is wanted, and prints the summary.
    pub(super) fn finish(&self, report: &Report, written: &str) -> Result<(), Failure> {
        if let Some(path) = &self.report {
            report.write(path)?;
        }
        super::print(&format!("{}\n", report.summary(written)))
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
        if let Some(path) = self.archive() {
            image.write_archive_file(path)?;
        }
        if let Some(folder) = &self.oci_layout {
            image.write_layout_dir(folder)?;
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
}
