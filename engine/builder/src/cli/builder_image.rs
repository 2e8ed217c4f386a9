use std::path::{Path, PathBuf};
use std::slice;

use super::Failure;
use super::format::Format;
use super::options::LockedArg;
use crate::builder_image::{self, BuilderImageOptions};
use policy_host::atomic;
use policy_host::progress::Progress;
use policy_oci::{Reference, SourceDate};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder builder-image && docker load < policy-builder.tar && docker run --rm -v \"$PWD/policies:/policies\" -v \"$PWD/out:/out\" policy-builder"
)]
pub(super) struct BuilderImage {
    /// The file to write the archive to
    #[arg(long, value_name = "FILE", default_value = "policy-builder.tar")]
    output: PathBuf,
    /// Folders of policy crates whose dependencies, policies that `policies.toml` names, and
    /// workspaces around them the image is to have, beside what the engine depends on [default:
    /// `policies`, where there is such a folder]
    #[arg(long, value_name = "DIR")]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    locked: LockedArg,
    /// A checkout of policy-engine to put in [default: the one that this program comes from]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    engine: Option<PathBuf>,
    /// The target triple that the image compiles for [default: as `image` chooses it]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// The image's name
    #[arg(long, value_name = "NAME", default_value = "policy-builder:latest", value_parser = Reference::parse_name)]
    name: Reference,
    /// The date of the image and of the files in it, in seconds since 1970
    #[arg(
        long,
        value_name = "SECONDS",
        env = "SOURCE_DATE_EPOCH",
        default_value = "0",
        hide_default_value = true
    )]
    created: SourceDate,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl BuilderImage {
    pub(super) fn run(&self) -> Result<(), Failure> {
        atomic::check_file(&self.output, policy_oci::archive::ARTIFACT)?;
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty());
        let nearby = PathBuf::from("policies");
        let policies = match self.policies.as_slice() {
            [] if nearby.is_dir() => slice::from_ref(&nearby),
            named => named,
        };
        let options = BuilderImageOptions {
            engine: self.engine.as_deref(),
            policies,
            locked: self.locked.locked(),
            target: self.target.as_deref(),
            name: self.name.clone(),
            created: self.created,
            scratch: folder.unwrap_or(Path::new(".")),
        };
        let progress = Progress::new();
        let image = builder_image::make(&options, &progress)?;
        let (name, size) = (self.name.to_string(), image.size());
        let digest = image.manifest_digest().to_string();
        image.write_archive_file(&self.output)?;
        progress.finish();
        let written = serde_json::json!({
            "name": name,
            "digest": digest,
            "size": size,
            "archive": self.output,
        });
        self.format.print(&written, || {
            let (size, output) = (size / 1_000_000, self.output.display());
            format!("image     {name}, {size} MB\ndigest    {digest}\nwritten   {output}\n")
        })
    }
}
