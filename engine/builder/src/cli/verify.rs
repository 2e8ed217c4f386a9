use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use super::options::{Inputs, LockedArg, RegistryArgs};
use crate::audit::{self, Sources};
use policy_host::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder verify policy-engine.tar --policies ./policies")]
pub(super) struct Verify {
    /// An archive, the folder of an OCI image layout, or a reference to a registry
    #[arg(value_name = "IMAGE")]
    image: String,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    locked: LockedArg,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Verify {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let sources = Sources {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            work_dir: self.work_dir.as_deref(),
            locked: self.locked.locked(),
        };
        let progress = Progress::new();
        let image = audit::verify(&self.image, self.registry.options(), &sources, &progress)?;
        progress.finish();
        let verified = serde_json::json!({
            "image": self.image,
            "digest": image.digest.to_string(),
            "policies": self.inputs.policies,
        });
        self.format.print(&verified, || {
            let policies = self.inputs.policies.display();
            let (image, digest) = (&self.image, &image.digest);
            format!("verified  {image}\ndigest    {digest}, built again from `{policies}`\n")
        })
    }
}
