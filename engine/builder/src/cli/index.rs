use std::path::PathBuf;

use super::Failure;
use crate::destination::{self, Kind};
use crate::image::MultiPlatform;

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
        let whole = MultiPlatform::of_layouts(&self.layouts)?;
        whole.write_layout_dir(&self.output)?;
        let (digest, output) = (whole.digest(), self.output.display());
        super::print(&format!("digest    {digest}\nwritten   {output}\n"))
    }
}
