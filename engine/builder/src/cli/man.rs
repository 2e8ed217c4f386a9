use std::fs;
use std::path::PathBuf;

use super::Failure;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder man --output ./share/man/man1")]
pub(super) struct Man {
    /// The folder to write the pages to, one for each command
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

impl Man {
    pub(super) fn run(&self, command: clap::Command) -> Result<(), Failure> {
        let folder = &self.output;
        fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .map_err(|error| Failure::ManPages { folder: folder.clone(), error })
    }
}
