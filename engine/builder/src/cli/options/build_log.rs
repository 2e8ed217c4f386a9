use std::path::PathBuf;

use crate::steps::image::BuildLog;

/// What was printed when another tool had a program compiled.
#[derive(Debug, clap::Args)]
pub(crate) struct BuildLogArgs {
    /// What `cargo build --message-format json` printed: with it the image gets the bill of
    /// materials and the provenance of one that `image` makes
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,
    /// What `cargo metadata --format-version 1 --filter-platform TRIPLE` prints in the workspace
    /// [default: Cargo is asked]
    #[arg(long, value_name = "FILE", requires = "messages")]
    metadata: Option<PathBuf>,
    /// What `rustc -vV` prints [default: the compiler is asked]
    #[arg(long, value_name = "FILE", requires = "messages")]
    rustc: Option<PathBuf>,
}

impl BuildLogArgs {
    pub(crate) fn log(&self) -> Option<BuildLog<'_>> {
        let (metadata, rustc) = (self.metadata.as_deref(), self.rustc.as_deref());
        self.messages.as_deref().map(|messages| BuildLog { messages, metadata, rustc })
    }
}
