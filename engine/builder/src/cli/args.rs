use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::image::{ImageName, ImageNameError, SourceDate};
use crate::pipeline::Order;

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
    /// Lays out the Cargo workspace that links them, to be looked at
    Generate(Generate),
    /// Compiles them into one static binary
    Build(Build),
    /// Compiles them and packs the binary as an OCI image
    Image(Image),
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
pub(super) struct Discover {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    /// How to print: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct Generate {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    /// The folder to lay the workspace out in: a new or an empty one, or one that was laid out before
    #[arg(long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// The target triple to stamp in [default: as `build` chooses it]
    #[arg(long, value_name = "TRIPLE")]
    pub(super) target: Option<String>,
    /// The source revision to stamp in [default: the policies' Git revision, when there is one]
    #[arg(long, value_name = "REVISION")]
    pub(super) revision: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    /// The target triple [default: musl on this machine's processor where it is installed, else
    /// glibc, linked statically]
    #[arg(long, value_name = "TRIPLE")]
    pub(super) target: Option<String>,
    /// The source revision to stamp in [default: the policies' Git revision, when there is one]
    #[arg(long, value_name = "REVISION")]
    pub(super) revision: Option<String>,
    /// Where to work and to keep what can be used again [default: `policy-builder` in Cargo's
    /// target folder]
    #[arg(long, value_name = "DIR")]
    pub(super) work_dir: Option<PathBuf>,
    /// Also writes what was made, and how long each phase took, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

impl BuildArgs {
    pub(super) fn order(&self) -> Order<'_> {
        Order {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            target: self.target.as_deref(),
            revision: self.revision.as_deref(),
            work_dir: self.work_dir.as_deref(),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Build {
    #[command(flatten)]
    pub(super) build: BuildArgs,
    /// Where to write the binary
    #[arg(long, value_name = "FILE", default_value = "policy-engine")]
    pub(super) output: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder image --policies ./policies --repo registry.example.com/policies --tag v1"
)]
pub(super) struct Image {
    #[command(flatten)]
    pub(super) build: BuildArgs,
    /// Where to write the archive, for `docker load`, `podman load` and `skopeo` [default:
    /// policy-engine.tar, unless `--oci-layout` is given]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Writes the image as an OCI image layout, in a folder
    #[arg(long, value_name = "DIR")]
    pub(super) oci_layout: Option<PathBuf>,
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

impl Image {
    /// Where the archive goes, when there is to be one.
    pub(super) fn archive(&self) -> Option<PathBuf> {
        match (&self.output, &self.oci_layout) {
            (None, Some(_)) => None,
            (None, None) => Some(PathBuf::from("policy-engine.tar")),
            (Some(output), _) => Some(output.clone()),
        }
    }

    /// The image's name.
    pub(super) fn name(&self) -> Result<ImageName, ImageNameError> {
        format!("{}:{}", self.repo, self.tag).parse()
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
