use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::scaffold::{self, Api, FIRST};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder new ./my-policies")]
pub(super) struct New {
    /// The folder: a new or an empty one
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The source of `policy-api`, as a version or as `Cargo.toml` has it [default: the engine's
    /// own sources]
    #[arg(long, value_name = "DEPENDENCY")]
    policy_api: Option<Api>,
    /// A checkout of policy-engine [default: the one that this program runs in, else the
    /// sources in the program itself]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    engine: Option<PathBuf>,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl New {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let written =
            scaffold::new(&self.folder, self.policy_api.as_ref(), self.engine.as_deref())?;
        self.format.print(&written, || {
            let folder = self.folder.display();
            format!(
                "written   {folder}, with the policy {FIRST} and its test\n\
                 test      cargo test --manifest-path {}\n\
                 build     policy-builder image --policies {folder}\n\
                 more      policy-builder add NAME --policies {folder}\n",
                self.folder.join("Cargo.toml").display()
            )
        })
    }
}
