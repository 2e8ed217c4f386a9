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
    /// The file to write the archive to [default: policy-builder.tar, unless `--oci-layout` is
    /// given]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Writes the image as an OCI image layout, in a folder
    #[arg(long, value_name = "DIR")]
    oci_layout: Option<PathBuf>,
    /// Folders of policy crates whose dependencies, policies that `policies.toml` names, and
    /// workspaces around them the image is to have, beside what the engine depends on [default:
    /// `policies`, where there is such a folder]
    #[arg(long, value_name = "DIR")]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    locked: LockedArg,
    /// A checkout of policy-engine to put in [default: the one that this program runs in, else the
    /// sources in the program itself]
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
        let archive = self.archive();
        if let Some(path) = archive {
            atomic::check_file(path, policy_oci::archive::ARTIFACT)?;
        }
        if let Some(folder) = &self.oci_layout {
            atomic::check_folder(folder, policy_oci::archive::ARTIFACT)?;
        }
        let written: Vec<_> = [archive, self.oci_layout.as_deref()].into_iter().flatten().collect();
        let folder = written.first().and_then(|path| path.parent());
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
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
        let mut image = builder_image::make(&options, &progress)?;
        let (name, size) = (self.name.to_string(), image.size());
        let digest = image.manifest_digest().to_string();
        if let Some(path) = archive {
            image.write_archive_file(path)?;
        }
        if let Some(folder) = &self.oci_layout {
            image.write_layout_dir(folder)?;
        }
        progress.finish();
        let document = serde_json::json!({
            "name": name,
            "digest": digest,
            "size": size,
            "archive": archive,
            "oci-layout": self.oci_layout,
        });
        self.format.print(&document, || {
            let size = size / 1_000_000;
            let written: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
            let written = written.join(", ");
            format!("image     {name}, {size} MB\ndigest    {digest}\nwritten   {written}\n")
        })
    }

    /// The path of the archive, when there is to be one.
    fn archive(&self) -> Option<&Path> {
        let default = self.oci_layout.is_none().then_some(Path::new("policy-builder.tar"));
        self.output.as_deref().or(default)
    }
}
