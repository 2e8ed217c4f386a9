use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use policy_host::atomic;
use policy_oci::MultiPlatform;

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
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Index {
    pub(super) fn run(&self) -> Result<(), Failure> {
        atomic::check_folder(&self.output, policy_oci::archive::ARTIFACT)?;
        let whole = MultiPlatform::from_layouts(&self.layouts)?;
        whole.write_layout_dir(&self.output)?;
        let (digest, output) = (whole.digest().to_string(), self.output.display());
        let written = serde_json::json!({ "digest": digest, "layout": self.output });
        self.format.print(&written, || {
            format!(
                "digest    {digest}
written   {output}
"
            )
        })
    }
}
