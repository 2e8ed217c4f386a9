use std::io::Write as _;
use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::artifacts;
use crate::steps::engine::{Embedded, EngineError};
use policy_host::atomic;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder engine-archive --output ./engine/builder/engine.tar.gz"
)]
pub(super) struct EngineArchive {
    /// The file to write the archive to
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl EngineArchive {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let embedded = Embedded::get().ok_or(EngineError::Nowhere)?;
        atomic::replace_file(&self.output, artifacts::ENGINE_ARCHIVE, |file| {
            file.write_all(embedded.archive)
        })?;
        let digest = format!("sha256:{}", embedded.digest());
        let written = serde_json::json!({ "archive": self.output, "digest": digest });
        self.format.print(&written, || self.output.display().to_string())
    }
}
