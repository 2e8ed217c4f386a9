use std::path::PathBuf;

use super::Failure;
use crate::image;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder base --output ./base")]
pub(super) struct Base {
    /// The folder to write them to: a new or an empty one
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

impl Base {
    pub(super) fn run(&self) -> Result<(), Failure> {
        image::write_base(&self.output)?;
        super::print(&format!("{}\n", self.output.display()))
    }
}
