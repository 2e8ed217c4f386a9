use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::steps::image;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder base --output ./base")]
pub(super) struct Base {
    /// The folder to write them to: a new or an empty one
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Base {
    pub(super) fn run(&self) -> Result<(), Failure> {
        image::write_base(&self.output)?;
        let written = serde_json::json!({ "folder": self.output });
        self.format.print(&written, || self.output.display().to_string())
    }
}
