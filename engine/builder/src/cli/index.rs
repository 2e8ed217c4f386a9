use std::path::PathBuf;

use super::Failure;
use crate::destination::{self, Kind};
use crate::image;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder index --output ./image ./image-amd64 ./image-arm64"
)]
pub(super) struct Index {
    /// The folder to write the joined image to, as an OCI image layout
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Images of one platform each, as `--oci-layout` writes them
    #[arg(value_name = "LAYOUT", required = true)]
    layouts: Vec<PathBuf>,
}

impl Index {
    pub(super) fn run(&self) -> Result<(), Failure> {
        destination::check_folder(&self.output, Kind::Image)?;
        let digest = image::write_index(&self.output, &self.layouts)?;
        super::print(&format!("digest    {digest}\nwritten   {}\n", self.output.display()))
    }
}
