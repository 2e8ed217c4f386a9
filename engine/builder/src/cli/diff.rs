use std::process::ExitCode;

use super::Failure;
use super::format::Format;
use super::options::RegistryArgs;
use crate::audit::{Described, Difference};

/// The images differ: as of `diff`, but one further, as 1 is for what could not be done.
const DIFFERENT: u8 = 2;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 when the images are the same, 1 when one cannot be read, 2 when they differ.\n\nExample: policy-builder diff old.tar policy-engine.tar"
)]
pub(super) struct Diff {
    /// An archive, the folder of an OCI image layout, or a reference to a registry
    #[arg(value_name = "OLD")]
    old: String,
    /// The other image
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    registry: RegistryArgs,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Diff {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let open = |image| Described::open(image, self.registry.options());
        let [old, new] = [open(&self.old)?, open(&self.new)?];
        let difference = Difference::between(&old, &new);
        self.format.print(&difference, || difference.to_string())?;
        Ok(if difference.same { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
    }
}
